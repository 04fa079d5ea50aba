"""The RunServer: one run, from its start to its committed end.

Started by the run's unit, transient. It takes the run's execution from the table, reads its
journal, has the Writer commit it, publishes what is committed, and leads a cancellation through
its steps. It owns no data: what a crash loses is read again from the journal, from the cursor on,
by its successor, and the execution goes on meanwhile.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, assert_never
from uuid import UUID

from athanor.actors import announcements
from athanor.actors.broadcaster import BROADCASTER, publish
from athanor.actors.calls import cast
from athanor.actors.journal_feed import JournalFeed
from athanor.actors.messages import (
    AskWatchers,
    BatchHandled,
    CancelRun,
    CommitBatch,
    ItemsCommitted,
    PrepareStop,
    RunEnded,
    Tick,
    WatchersChanged,
    WriterStarted,
)
from athanor.actors.process import Process
from athanor.actors.timers import Timer, send_after
from athanor.actors.writer import RUN_SERVER_PREFIX, WRITER
from athanor.domain.errors import (
    DatabaseAway,
    ExperimentNotFound,
    InstanceNotFound,
    RunIsFinal,
    RunNotFound,
)
from athanor.domain.execution import ExecutionSpec
from athanor.domain.run import (
    Cancellation,
    ExitReason,
    LostCause,
    Outcome,
    Progress,
    Run,
    RunStatus,
    final_status,
)
from athanor.domain.shapes import cancellation_json

if TYPE_CHECKING:
    from athanor.domain.ports import Execution, Executions, ExperimentCatalog, Stores

__all__ = ["RunServer", "RunServerParts"]

AWAY_RETRY_S: Final = 0.5
WATCHED_SAMPLE_S: Final = 0.05
IDLE_SAMPLE_S: Final = 1.0
PROGRESS_SAVE_S: Final = 5.0
PROGRESS_LIST_S: Final = 1.0
MAX_REFUSALS: Final = 5


@dataclass(frozen=True, slots=True)
class RunServerParts:
    """What every RunServer is given; ``owner`` is this service's identity."""

    stores: Stores
    executions: Executions
    catalog: ExperimentCatalog
    owner: UUID
    cancel_grace_s: float = 5.0
    terminate_grace_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Begin:
    """Load the run and take its execution."""


@dataclass(frozen=True, slots=True)
class Pump:
    """Read on in the journal."""


@dataclass(frozen=True, slots=True)
class Escalate:
    """The grace of the present step of a cancellation is over."""


@dataclass(frozen=True, slots=True)
class SaveCancellation:
    """Try again to keep the steps of the cancellation."""


Message = (
    Begin
    | Pump
    | Escalate
    | SaveCancellation
    | BatchHandled
    | WriterStarted
    | CancelRun
    | WatchersChanged
    | PrepareStop
    | Tick
)


class RunServer(Process):
    """Serves one run. Its name is ``run_server:<run id>``."""

    def __init__(self, run_id: UUID, parts: RunServerParts) -> None:
        super().__init__(name=f"{RUN_SERVER_PREFIX}{run_id}")
        self._run_id = run_id
        self._parts = parts
        self._run: Run | None = None
        self._execution: Execution | None = None
        self._feed: JournalFeed | None = None
        self._cancel: Cancellation | None = None
        self._stopping = False
        self._watched = True
        self._pump_is_due = False
        self._refusals = 0
        self._progress: Progress | None = None
        self._progress_saved: Progress | None = None
        self._progress_saved_at = 0.0
        self._progress_listed_at = 0.0
        self._timers: dict[type[Any], Timer] = {}

    def on_start(self) -> None:
        """Begin in a message, so that the supervisor does not wait for the database."""
        cast(self.actor_ref, Begin())

    def on_stop(self) -> None:
        """Leave the execution to a successor."""
        self._let_go()

    def on_failure(self, *_: Any) -> None:
        """Leave the execution to a successor, after a crash too."""
        self._let_go()

    def on_receive(self, message: Message) -> Any:
        """Handle one message."""
        match message:
            case Pump():
                self._pump_is_due = False
                self._handle_pump()
            case BatchHandled():
                self._handle_batch(message)
            case Tick():
                self._handle_tick()
            case Begin():
                self._handle_begin()
            case CancelRun(by):
                return self._handle_cancel(by)
            case Escalate():
                self._handle_escalate()
            case SaveCancellation():
                self._save_cancellation()
            case WatchersChanged(watched):
                self._handle_watchers(watched=watched)
            case WriterStarted():
                self._open_feed()
            case PrepareStop():
                self._handle_prepare_stop()
            case _:
                assert_never(message)
        return None

    # --- beginning --------------------------------------------------------------------------

    def _handle_begin(self) -> None:
        if self._feed is not None:
            return
        run: Run | None
        try:
            run = self._parts.stores.runs.get(self._run_id)
            if run.status is RunStatus.PENDING:
                run = self._start(run)
        except DatabaseAway:
            self._later(AWAY_RETRY_S, Begin())
            return
        except RunNotFound:
            run = None
        if run is None or run.status is not RunStatus.RUNNING or run.owner != self._parts.owner:
            # Deleted, cancelled before it began, ended by somebody else, or not ours any more.
            self._parts.executions.discard(self._run_id)
            self._end()
            return
        self._run = run
        self._cancel = self._cancel or run.cancel
        self._progress = self._progress_saved = run.progress
        try:
            self._take_execution(run)
        except ExperimentNotFound as error:
            self._finish_run(run, Outcome(ExitReason.UNAVAILABLE, error.message))
            return
        self._open_feed()
        if self._cancel is not None and self._execution is not None:
            self._execution.request_cancel()
            self._later(self._grace_left(self._cancel), Escalate())
        cast(BROADCASTER, AskWatchers(run.id))
        self._later(0.0, Tick())

    def _start(self, run: Run) -> Run | None:
        started = self._parts.stores.runs.start(run.id, self._parts.owner)
        if started is None:
            return self._parts.stores.runs.get(run.id)
        self._announce(started, "run_started")
        return started

    def _take_execution(self, run: Run) -> None:
        executions = self._parts.executions
        if not executions.knows(run.id):
            if executions.has_begun(run.id, run.attempt):
                executions.recover(run.id, run.attempt)
            else:
                entry = self._parts.catalog.get(run.experiment)
                executions.start(
                    ExecutionSpec(
                        run_id=run.id,
                        instance_id=run.instance_id,
                        instance_name=run.instance_name,
                        experiment=run.experiment,
                        source=entry.source,
                        configuration=run.configuration,
                        isolation=run.isolation,
                        seed=run.seed,
                        attempt=run.attempt,
                    )
                )
        self._execution = executions.take(run.id, self, self._request_pump)

    def _open_feed(self) -> None:
        """Read the journal from the committed cursor on, and tell everybody where that is."""
        execution, run = self._execution, self._run
        if execution is None or run is None:
            return
        try:
            cursor = self._parts.stores.items.cursor(run.id)
        except DatabaseAway:
            # Items wait in the journal, cancellation works: only the reading has to wait.
            self._later(AWAY_RETRY_S, WriterStarted())
            return
        self._close_feed()
        self._feed = JournalFeed(
            run.id, self._parts.stores.items, execution.reader(cursor.byte_offset), cursor
        )
        self._feed.watched = self._watched
        publish([ItemsCommitted(run.id, cursor.seq + 1, cursor.seq)])
        self._request_pump()

    # --- the way of the data ----------------------------------------------------------------

    def _request_pump(self) -> None:
        """Ask for a look into the journal; any number of requests are one."""
        if not self._pump_is_due:
            self._pump_is_due = True
            cast(self.actor_ref, Pump())

    def _handle_pump(self) -> None:
        feed, execution = self._feed, self._execution
        if feed is None or execution is None:
            return
        # Seen before the last read: what was written before the end is read after this.
        has_ended = execution.outcome is not None
        execution.collect_output()
        if feed.is_full:
            return  # goes on when the Writer has answered
        has_read = feed.read()
        if not has_read and has_ended:
            has_read = feed.read_torn_tail()
        self._send_batch(feed)
        if has_read:
            time.sleep(0)  # between two slices the hub serves everybody else
            self._request_pump()
        elif has_ended and feed.is_idle:
            self._handle_drained(feed, execution)

    def _send_batch(self, feed: JournalFeed) -> None:
        batch = feed.take_batch()
        if batch is not None and not cast(
            WRITER, CommitBatch(batch, f"{RUN_SERVER_PREFIX}{self._run_id}")
        ):
            # No writer at this moment; the next one says so when it starts.
            self._later(AWAY_RETRY_S, WriterStarted())

    def _handle_batch(self, answer: BatchHandled) -> None:
        feed = self._feed
        if feed is None or not feed.is_waiting_for(answer.from_offset):
            return
        committed = feed.handled(answer.from_offset, accepted=answer.accepted)
        if committed is None:
            self._refusals += 1
            if self._refusals > MAX_REFUSALS:
                raise RuntimeError(
                    f"the batch of run {self._run_id} at byte {answer.from_offset} was refused "
                    f"{self._refusals} times"
                )
            self._open_feed()
            return
        self._refusals = 0
        if committed.to_seq >= committed.from_seq:
            publish([committed])
        self._request_pump()

    # --- progress ---------------------------------------------------------------------------

    def _handle_watchers(self, *, watched: bool) -> None:
        self._watched = watched
        if self._feed is not None:
            self._feed.watched = watched
        if watched:
            self._later(0.0, Tick())

    def _handle_tick(self) -> None:
        if self._execution is None:
            return
        self._sample_progress()
        self._request_pump()  # should a wake-up ever be missed, this is the next one
        self._later(WATCHED_SAMPLE_S if self._watched else IDLE_SAMPLE_S, Tick())

    def _sample_progress(self) -> None:
        run, execution = self._run, self._execution
        if run is None or execution is None:
            return
        progress = execution.progress()
        now = time.monotonic()
        if progress is not None and progress != self._progress:
            self._progress = progress
            publish(announcements.progress_changed(run.id, progress))
        if self._progress == self._progress_saved or self._progress is None:
            return
        if now - self._progress_saved_at >= PROGRESS_SAVE_S:
            self._progress_saved_at = now
            with contextlib.suppress(DatabaseAway):
                saved = self._parts.stores.runs.save_progress(
                    run.id, self._parts.owner, self._progress
                )
                if saved is not None:
                    self._run = saved
                    self._progress_saved = self._progress
        if now - self._progress_listed_at >= PROGRESS_LIST_S:
            self._progress_listed_at = now
            publish(
                announcements.run_progressed(replace(self._run or run, progress=self._progress))
            )

    # --- cancellation -----------------------------------------------------------------------

    def _handle_cancel(self, by: str) -> bool:
        if self._run is not None and self._run.status.is_final:
            raise RunIsFinal(
                f"the run is {self._run.status.value} already", status=self._run.status.value
            )
        if self._cancel is not None:
            return False
        self._cancel = Cancellation(by=by, asked_at=_now())
        if self._execution is not None:
            self._execution.request_cancel()
            self._later(self._parts.cancel_grace_s, Escalate())
        self._save_cancellation()
        return True

    def _handle_escalate(self) -> None:
        """Take the next step: SIGTERM after the first grace, SIGKILL after the second."""
        execution, cancel = self._execution, self._cancel
        if execution is None or cancel is None or execution.outcome is not None:
            return
        if self._grace_left(cancel) > 0:
            self._later(self._grace_left(cancel), Escalate())
            return
        if cancel.terminated_at is None:
            execution.terminate()
            self._cancel = replace(cancel, terminated_at=_now())
            self._later(self._parts.terminate_grace_s, Escalate())
        elif cancel.killed_at is None:
            execution.kill()
            self._cancel = replace(cancel, killed_at=_now(), leaked=execution.leaked)
        self._save_cancellation()

    def _grace_left(self, cancel: Cancellation) -> float:
        """Give the seconds until the next step is due, also for one begun by a predecessor."""
        step_at, grace_s = cancel.asked_at, self._parts.cancel_grace_s
        if cancel.terminated_at is not None:
            step_at, grace_s = cancel.terminated_at, self._parts.terminate_grace_s
        # A clock that was set back must not prolong a grace beyond itself.
        return min(grace_s, grace_s - (_now() - step_at).total_seconds())

    def _save_cancellation(self) -> None:
        """Keep and announce the steps; while the database is away they are announced all the same."""
        if self._cancel is None or self._run is None:
            return
        try:
            saved = self._parts.stores.runs.save_cancellation(
                self._run.id, self._parts.owner, self._cancel
            )
        except DatabaseAway:
            self._later(AWAY_RETRY_S, SaveCancellation())
            saved = None
        self._run = saved if saved is not None else replace(self._run, cancel=self._cancel)
        self._announce(self._run, "run_updated")

    def _handle_prepare_stop(self) -> None:
        """Ask the execution to end because the service goes down; that is no cancellation."""
        self._stopping = True
        if self._execution is not None:
            self._execution.request_cancel()

    # --- the end ----------------------------------------------------------------------------

    def _handle_drained(self, feed: JournalFeed, execution: Execution) -> None:
        """Everything that the attempt wrote is committed: now its end can be."""
        run, outcome = self._run, execution.outcome
        if run is None or outcome is None:
            return
        if feed.outcome is not None:
            outcome = feed.outcome
        if self._stopping and self._cancel is None and outcome.reason in _ENDED_BY_REQUEST:
            outcome = Outcome(
                ExitReason.LOST,
                "the service was stopped while the run was under way",
                {"cause": LostCause.SERVICE_STOPPED.value},
            )
        if self._cancel is not None and execution.leaked:
            self._cancel = replace(self._cancel, leaked=True)
        self._finish_run(run, outcome)

    def _finish_run(self, run: Run, outcome: Outcome) -> None:
        status = final_status(outcome, cancel_asked=self._cancel is not None)
        if status is RunStatus.CANCELLED:
            outcome = _cancelled(outcome, self._cancel)
        try:
            self._save_last_progress(run)
            finished = self._parts.stores.runs.finish(
                run.id, self._parts.owner, status, outcome, self._cancel
            )
        except DatabaseAway:
            self._later(AWAY_RETRY_S, Pump() if self._feed is not None else Begin())
            return
        if finished is not None:
            self._run = finished
            self._announce(finished, "run_completed")
        self._parts.executions.release(run.id, self)
        self._parts.executions.discard(run.id)
        self._execution = None
        self._end()

    def _save_last_progress(self, run: Run) -> None:
        progress = self._execution.progress() if self._execution is not None else None
        if progress is not None and progress != self._progress_saved:
            publish(announcements.progress_changed(run.id, progress))
            self._parts.stores.runs.save_progress(run.id, self._parts.owner, progress)

    def _announce(self, run: Run, event: announcements.RunEvent) -> None:
        changes = announcements.run_changed(run, event)
        if event in ("run_started", "run_completed"):
            with contextlib.suppress(DatabaseAway, InstanceNotFound):
                instance = self._parts.stores.instances.get(run.instance_id)
                changes += announcements.instance_changed(instance)
        publish(changes)

    def _end(self) -> None:
        cast("run_registry", RunEnded(self._run_id))
        self.stop()

    def _let_go(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._close_feed()
        if self._execution is not None:
            self._execution = None
            self._parts.executions.release(self._run_id, self)

    def _close_feed(self) -> None:
        if self._feed is not None:
            self._feed.close()
            self._feed = None

    def _later(self, delay_s: float, message: Message) -> None:
        """Send a message to self later; a newer one of the same kind takes the older one's place."""
        earlier = self._timers.get(type(message))
        if earlier is not None:
            earlier.cancel()
        self._timers[type(message)] = send_after(max(0.0, delay_s), self.actor_ref, message)


_ENDED_BY_REQUEST: Final = frozenset({ExitReason.CANCELLED, ExitReason.SIGNAL, ExitReason.LOST})


def _now() -> datetime:
    return datetime.now(UTC)


def _cancelled(outcome: Outcome, cancel: Cancellation | None) -> Outcome:
    """Say in ``exit`` how the cancellation went; the error of the ending stays in view."""
    return Outcome(ExitReason.CANCELLED, outcome.error, cancellation_json(cancel) or {})
