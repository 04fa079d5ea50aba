"""An attempt in a thread of the service: light, trusted, I/O-bound code that is cancelled by asking.

The thread is a native one, so that it does not stop the hub; in it ``threading.Thread`` is a
greenlet of that one thread. Nobody can kill it: given up on, it is fenced off and counted as
leaked until it ends by itself.
"""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Callable
from typing import Any, Final

from athanor.domain.context import InstanceSnapshot, RunSnapshot
from athanor.domain.execution import ExecutionSpec
from athanor.domain.run import ExitReason, Outcome, Progress
from athanor.execution.capture import JournalHandler, LineStream
from athanor.execution.context import JournalContext
from athanor.execution.journal import Journal, JournalFiles
from athanor.execution.journal_reader import FileJournalReader
from athanor.execution.loading import load_experiment
from athanor.execution.outcome import outcome_of, unavailable
from athanor.execution.progress import ProgressSlot
from athanor.native.threads import (
    Alarm,
    MainThread,
    destroy_own_hub,
    native_ident,
    prepare_for_native_threads,
    start_thread,
)

__all__ = ["ThreadExecution"]

_contexts: Final[dict[int, JournalContext[Any]]] = {}
"""The context of the run that each native thread executes."""

_streams: Final[list[LineStream]] = []


class ThreadFlag:
    """The cancel flag of a thread; a sleep in any of its greenlets ends when it is set."""

    def __init__(self) -> None:
        self.is_set = False
        self._alarm = Alarm()

    def set(self) -> None:
        """Ask the experiment to stop."""
        self.is_set = True
        self._alarm.ring()

    def wait(self, seconds: float) -> bool:
        """Wait until it is set, this long at the most."""
        return self._alarm.wait(seconds)


class ThreadExecution:
    """Implements ``athanor.domain.ports.Execution`` for a thread."""

    def __init__(self, spec: ExecutionSpec, files: JournalFiles, main: MainThread) -> None:
        self.run_id = spec.run_id
        self.attempt = spec.attempt
        self._spec = spec
        self._files = files
        self._main = main
        self._flag = ThreadFlag()
        self._slot = ProgressSlot()
        self._context: JournalContext[Any] | None = None
        self._outcome: Outcome | None = None
        self.has_ended = False
        self.on_end: Callable[[], None] = _nothing

    def start(self) -> None:
        """Start the experiment thread."""
        _capture_once()
        start_thread(self._lead)

    @property
    def outcome(self) -> Outcome | None:
        """See the port."""
        return self._outcome

    @property
    def leaked(self) -> bool:
        """See the port."""
        return self._outcome is not None and not self.has_ended

    def reader(self, byte_offset: int) -> FileJournalReader:
        """See the port."""
        return FileJournalReader(self._files.journal, self.attempt, byte_offset)

    def collect_output(self) -> None:
        """Do nothing: the descriptors are the service's own."""

    def progress(self) -> Progress | None:
        """See the port."""
        return self._slot.read()

    def request_cancel(self) -> None:
        """See the port."""
        self._flag.set()

    def terminate(self) -> None:
        """Do nothing: there is no signal for a thread."""

    def kill(self) -> None:
        """Give the thread up: what it still says is not kept, and its run ends."""
        if self._outcome is not None:
            return
        if self._context is not None:
            self._context.is_fenced = True
        self._outcome = Outcome(
            ExitReason.CANCELLED, "the thread did not stop and was given up on", {}
        )
        self._main.call(self.on_end)

    def close(self) -> None:
        """Give back what is open; there is nothing."""

    # --- in the experiment thread -----------------------------------------------------------

    def _lead(self) -> None:
        try:
            outcome = self._run()
        except BaseException as error:
            outcome = Outcome(ExitReason.INTERNAL, f"the thread could not be led: {error!r}")
        finally:
            destroy_own_hub()
        self.has_ended = True
        if self._outcome is None:
            self._outcome = outcome
        self._main.call(self.on_end)

    def _run(self) -> Outcome:
        journal = Journal(self._files.journal, self.attempt)
        spec = self._spec
        self._context = context = JournalContext(
            config=None,  # set below, once the plugin is imported
            run=RunSnapshot(spec.run_id, spec.experiment, spec.attempt, spec.seed),
            instance=InstanceSnapshot(spec.instance_id, spec.instance_name),
            directory=self._files.working_directory,
            journal=journal,
            flag=self._flag,
            slot=self._slot,
        )
        _contexts[native_ident()] = context
        try:
            outcome = self._attempt(context)
            for stream in _streams:
                stream.finish(context)
            if not context.is_fenced:
                journal.end(outcome)
        finally:
            _contexts.pop(native_ident(), None)
            context.is_fenced = True  # of a greenlet that was left behind nothing is kept
            journal.close()
        return outcome

    def _attempt(self, context: JournalContext[Any]) -> Outcome:
        spec = self._spec
        try:
            experiment = load_experiment(spec.source)
            model = experiment.experiment().configuration
        except BaseException as error:
            said = f"{spec.experiment} cannot be imported: {type(error).__name__}: {error}"
            return unavailable(said, error)
        try:
            context.config = model.model_validate(spec.configuration)
        except Exception as error:
            return unavailable(f"{spec.experiment} refuses the configuration: {error}", error)
        random.seed(spec.seed)
        return outcome_of(lambda: experiment().run(context))


def _present_context() -> JournalContext[Any] | None:
    return _contexts.get(native_ident())


def _capture_once() -> None:
    """Route what threads print and log into their runs; what the service does itself is untouched."""
    if _streams:
        return
    prepare_for_native_threads()
    sys.stdout = out = LineStream("stdout", "info", _present_context, sys.stdout)
    sys.stderr = err = LineStream("stderr", "warn", _present_context, sys.stderr)
    _streams.extend([out, err])
    root = logging.getLogger()
    for handler in root.handlers:
        handler.addFilter(_is_of_the_service)
    root.addHandler(JournalHandler(_present_context))
    root.setLevel(min(root.level or logging.INFO, logging.INFO))
    logging.captureWarnings(capture=True)


def _is_of_the_service(_record: logging.LogRecord) -> bool:
    """Keep the records of runs out of the service's own log."""
    return _present_context() is None


def _nothing() -> None:
    """Do nothing."""
