"""An attempt in a child process: started, led and mourned by a native thread of the service."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from athanor.domain.execution import ExecutionSpec
from athanor.domain.run import ExitReason, Outcome, Progress
from athanor.execution.ending import end_line, outcome_of_exit, processes_of
from athanor.execution.journal import JournalFiles
from athanor.execution.journal_reader import FileJournalReader
from athanor.execution.output_tail import OutputTail
from athanor.execution.progress import ProgressReader
from athanor.native import process
from athanor.native.process import ChildProcess
from athanor.native.threads import MainThread, start_thread

__all__ = ["COOKIE", "ChildExecution", "child_environment"]

COOKIE: Final = "ATHANOR_RUN_ID"
_SECRETS: Final = ("DATABASE_URL",)
_SWEEPS: Final = 20


def child_environment(run_id: UUID, environment: Mapping[str, str]) -> dict[str, str]:
    """Give the service's environment less its secrets, and the cookie by which a run is known."""
    kept = {
        name: value
        for name, value in environment.items()
        if name not in _SECRETS and not name.startswith(("ATHANOR_", "PG"))
    }
    return {**kept, COOKIE: str(run_id), "PYTHONUNBUFFERED": "1"}


class ChildExecution:
    """Implements ``athanor.domain.ports.Execution`` for a child."""

    leaked = False

    def __init__(
        self,
        spec: ExecutionSpec,
        files: JournalFiles,
        main: MainThread,
        environment: dict[str, str],
    ) -> None:
        self.run_id = spec.run_id
        self.attempt = spec.attempt
        self._files = files
        self._main = main
        self._environment = environment
        self._child: ChildProcess | None = None
        self._outcome: Outcome | None = None
        self._wanted_signal: int | None = None
        self._progress = ProgressReader(files.progress)
        self._tail = OutputTail(files)
        self.on_end: Callable[[], None] = _nothing
        # Held open for both directions, so that a request waits in it until the child reads.
        os.mkfifo(files.control, 0o600)
        self._control = os.open(files.control, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def start(self) -> None:
        """Start the experiment thread, which starts the child and waits for its end."""
        start_thread(self._lead)

    @property
    def outcome(self) -> Outcome | None:
        """See the port."""
        return self._outcome

    def reader(self, byte_offset: int) -> FileJournalReader:
        """See the port."""
        return FileJournalReader(self._files.journal, self.attempt, byte_offset)

    def collect_output(self) -> None:
        """See the port."""
        self._tail.collect(is_last=self._outcome is not None)

    def progress(self) -> Progress | None:
        """See the port."""
        return self._progress.read()

    def request_cancel(self) -> None:
        """See the port."""
        with contextlib.suppress(OSError):
            os.write(self._control, b"c")

    def terminate(self) -> None:
        """See the port."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """See the port."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Give back what is open; after the end."""
        self._progress.close()
        self._tail.close()
        with contextlib.suppress(OSError):
            os.close(self._control)
        self._control = -1

    def _signal(self, number: int) -> None:
        child = self._child
        if child is None:
            self._wanted_signal = number  # it is being started: it gets it then
        else:
            child.signal_group(number)

    # --- in the experiment thread -----------------------------------------------------------

    def _lead(self) -> None:
        try:
            outcome = self._run()
        except Exception as error:
            outcome = Outcome(ExitReason.INTERNAL, f"the child could not be led: {error!r}")
        self._outcome = outcome
        self._main.call(self.on_end)

    def _run(self) -> Outcome:
        try:
            child = self._spawn()
        except OSError as error:
            reason = ExitReason.DISK_FULL if error.errno == errno.ENOSPC else ExitReason.INTERNAL
            return Outcome(reason, f"the child could not be started: {error}")
        self._child = child
        if self._wanted_signal is not None:
            child.signal_group(self._wanted_signal)
        returncode = child.wait()
        self._sweep(child)
        status = returncode if returncode is not None else 0
        self._files.exit.write_text(json.dumps({"returncode": status}), encoding="ascii")
        return end_line(self._files.journal, self.attempt) or outcome_of_exit(status)

    def _spawn(self) -> ChildProcess:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        outputs = [os.open(self._files.output(name), flags, 0o600) for name in ("stdout", "stderr")]
        try:
            argv = [sys.executable, "-P", "-m", "athanor.execution.child_main"]
            argv += [str(self._files.specification), str(os.getpid())]
            return process.spawn(
                argv,
                env=self._environment,
                stdout=outputs[0],
                stderr=outputs[1],
                new_session=True,
            )
        finally:
            for output in outputs:
                os.close(output)

    def _sweep(self, child: ChildProcess) -> None:
        """End what the run left behind: its group, and whoever carries its cookie."""
        child.signal_group(signal.SIGKILL)
        for _ in range(_SWEEPS):
            left = processes_of(COOKIE, str(self.run_id))
            if not left:
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            process.pause(0.02)


def _nothing() -> None:
    """Do nothing."""
