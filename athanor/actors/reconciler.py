"""The Reconciler: makes what the database says of runs agree with what is the case.

Started by root, after everything that runs need, and once through before the web is. At start and
on a clock it sees to it that every run of this service that is not final has a unit, pending ones
in the order of their creation; the unit's RunServer finds out by itself what became of the
execution. It takes over runs whose service has lost its lease, and it ends the one run whose unit
has given up. It keeps the service's own lease. A crash loses nothing.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, assert_never
from uuid import UUID

from athanor.actors import announcements
from athanor.actors.broadcaster import publish
from athanor.actors.calls import cast
from athanor.actors.journal_feed import JournalFeed
from athanor.actors.messages import ItemsCommitted, RunEnded, StartRun, Tick, UnitGaveUp
from athanor.actors.names import whereis
from athanor.actors.process import Process
from athanor.actors.run_registry import RUN_REGISTRY, unit_name
from athanor.actors.timers import Timer, send_after
from athanor.domain.errors import DatabaseAway, RunNotFound
from athanor.domain.ports import ExecutionTaken
from athanor.domain.run import ExitReason, Outcome, final_status

if TYPE_CHECKING:
    from athanor.actors.process import ProcessRef
    from athanor.actors.run_server import RunServerParts
    from athanor.domain.ports import Execution
    from athanor.domain.run import Run

__all__ = ["RECONCILER", "Reconciler"]

RECONCILER: Final = "reconciler"
ADOPTED_AT_ONCE: Final = 100
AWAY_RETRY_S: Final = 0.5
KILL_PATIENCE_S: Final = 10.0

logger = logging.getLogger("athanor.reconciler")


@dataclass(frozen=True, slots=True)
class RunClosed:
    """A run whose unit gave up has been ended, or could not be yet."""

    run_id: UUID
    is_done: bool


Message = Tick | UnitGaveUp | RunClosed


class Reconciler(Process):
    """Looks at every run that is not final, every ``interval_s``."""

    registered_name = RECONCILER

    def __init__(self, parts: RunServerParts, interval_s: float = 5.0) -> None:
        super().__init__()
        self._parts = parts
        self._interval_s = interval_s
        self._closing: set[UUID] = set()
        self._timer: Timer | None = None

    def on_start(self) -> None:
        """Reconcile once; with the database away, as soon as it is back."""
        self._handle_tick()

    def on_stop(self) -> None:
        """Stop the clock."""
        self._stop_clock()

    def on_failure(self, *_: Any) -> None:
        """Stop the clock."""
        self._stop_clock()

    def on_receive(self, message: Message) -> Any:
        """Handle one message."""
        match message:
            case Tick():
                self._handle_tick()
            case UnitGaveUp(run_id):
                self._close(run_id)
            case RunClosed(run_id, is_done):
                self._closing.discard(run_id)
                if not is_done:
                    send_after(AWAY_RETRY_S, self.actor_ref, UnitGaveUp(run_id))
            case _:
                assert_never(message)

    def _handle_tick(self) -> None:
        delay_s = self._interval_s
        try:
            self._parts.stores.services.heartbeat(self._parts.owner)
            self._take_over_orphans()
            for run in self._parts.stores.runs.unfinished(self._parts.owner):
                if run.id not in self._closing and whereis(unit_name(run.id)) is None:
                    cast(RUN_REGISTRY, StartRun(run.id))
        except DatabaseAway:
            delay_s = AWAY_RETRY_S
        self._stop_clock()
        self._timer = send_after(delay_s, self.actor_ref, Tick())

    def _take_over_orphans(self) -> None:
        owner = self._parts.owner
        for run in self._parts.stores.services.orphans(owner, ADOPTED_AT_ONCE):
            if self._parts.stores.runs.adopt(run.id, run.owner, owner) is not None:
                logger.warning("took over run %s of service %s, which is gone", run.id, run.owner)

    def _close(self, run_id: UUID) -> None:
        """End a run whose unit gave up, beside this actor: its journal may be long."""
        if run_id in self._closing:
            return
        self._closing.add(run_id)
        threading.Thread(
            target=_close_run,
            args=(self.actor_ref, self._parts, run_id),
            name="reconciler-close",
            daemon=True,
        ).start()

    def _stop_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _close_run(reconciler: ProcessRef[Reconciler], parts: RunServerParts, run_id: UUID) -> None:
    """Stop the execution, commit what its journal holds, and end the run as failed."""
    try:
        run = parts.stores.runs.get(run_id)
        if not run.status.is_final:
            outcome = Outcome(
                ExitReason.SUPERVISION, "the run's supervision gave up after too many crashes"
            )
            try:
                _drain(parts, run)
            except (DatabaseAway, ExecutionTaken):
                raise
            except Exception as error:
                logger.exception("the journal of run %s could not be drained", run_id)
                outcome = Outcome(
                    ExitReason.SUPERVISION,
                    f"{outcome.error}; its journal could not be read to its end: {error}",
                )
            status = final_status(outcome, cancel_asked=run.cancel is not None)
            finished = parts.stores.runs.finish(run_id, parts.owner, status, outcome, run.cancel)
            parts.executions.discard(run_id)
            if finished is not None:
                publish(announcements.run_changed(finished, "run_completed"))
                instance = parts.stores.instances.get(finished.instance_id)
                publish(announcements.instance_changed(instance))
        cast(RUN_REGISTRY, RunEnded(run_id))
    except RunNotFound:
        parts.executions.discard(run_id)
    except (DatabaseAway, ExecutionTaken):
        cast(reconciler, RunClosed(run_id, is_done=False))
        return
    cast(reconciler, RunClosed(run_id, is_done=True))


def _drain(parts: RunServerParts, run: Run) -> None:
    taker = object()
    executions = parts.executions
    if not executions.knows(run.id):
        if not executions.has_begun(run.id, run.attempt):
            return
        executions.recover(run.id, run.attempt)
    execution = executions.take(run.id, taker, lambda: None)
    try:
        _wait_for_end(execution)
        execution.collect_output()
        cursor = parts.stores.items.cursor(run.id)
        feed = JournalFeed(run.id, parts.stores.items, execution.reader(cursor.byte_offset), cursor)
        with contextlib.closing(feed):
            while feed.read() or feed.read_torn_tail():
                batch = feed.take_batch()
                if batch is None:
                    continue
                accepted = parts.stores.items.commit(parts.owner, [batch])[0]
                committed = feed.handled(batch.from_offset, accepted=accepted)
                if committed is None:
                    raise RuntimeError("the run's cursor is not where it was left")
                publish([ItemsCommitted(run.id, committed.from_seq, committed.to_seq)])
                time.sleep(0)
    finally:
        executions.release(run.id, taker)


def _wait_for_end(execution: Execution) -> None:
    execution.request_cancel()
    execution.terminate()
    execution.kill()
    deadline = time.monotonic() + KILL_PATIENCE_S
    while execution.outcome is None and time.monotonic() < deadline:
        time.sleep(0.02)
