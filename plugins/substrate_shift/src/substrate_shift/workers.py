"""Running trials in several processes, in order, ended at once when the run is.

Each worker holds the reading end of a pipe, the *lifeline*, whose only writing end is in the
process of the run. When that end is closed, by us on cancellation or by the system because the process
was killed, a thread in each worker wakes up and ends the worker in the middle of whatever it does.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import connection, get_context

from substrate_shift.trial import TrialOutcome, TrialPlan, run_trial

__all__ = ["run_trials"]

_AHEAD_PER_WORKER = 4
_CANCEL_CHECK_S = 0.1


def run_trials(
    plans: Iterable[TrialPlan],
    *,
    parallelism: int,
    raise_if_cancelled: Callable[[], None],
) -> Generator[TrialOutcome, None, None]:
    """Run the trials and give the outcomes in the order of their plans.

    With a parallelism of 1 everything happens in this process. With more, so many worker processes are
    started; close the generator (``contextlib.closing``) so that none outlives its use.
    ``raise_if_cancelled`` is called at least ten times a second, from the caller's thread.
    """
    if parallelism == 1:
        for plan in plans:
            raise_if_cancelled()
            yield run_trial(plan, raise_if_cancelled)
        return

    # Not "fork": the process of a run has threads. Workers import this module by its name.
    context = get_context("spawn")
    lifeline, ours = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(
        parallelism, mp_context=context, initializer=_hold_lifeline, initargs=(lifeline,)
    )
    try:
        waiting = iter(plans)
        # A bounded number ahead: one that comes in late holds up the order, not the other workers.
        ahead: deque[Future[TrialOutcome]] = deque(
            executor.submit(run_trial, plan)
            for plan in islice(waiting, parallelism * _AHEAD_PER_WORKER)
        )
        while ahead:
            raise_if_cancelled()
            if not wait([ahead[0]], timeout=_CANCEL_CHECK_S).done:
                continue
            outcome = ahead.popleft().result()
            ahead.extend(executor.submit(run_trial, plan) for plan in islice(waiting, 1))
            yield outcome
    except BaseException:
        # Cancelled, closed early or a worker lost: what is under way is of no use to anyone.
        ours.close()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        ours.close()
        lifeline.close()


def _hold_lifeline(lifeline: connection.Connection) -> None:
    """Prepare a worker: end it when the lifeline does; leave Ctrl-C to the process of the run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), name="lifeline", daemon=True).start()


def _end_with(lifeline: connection.Connection) -> None:
    connection.wait([lifeline])
    os._exit(1)
