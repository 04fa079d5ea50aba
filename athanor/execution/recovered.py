"""An attempt that an earlier life of the service began: its journal is here, its end is found out."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from athanor.domain.run import Outcome, Progress
from athanor.execution.child import COOKIE
from athanor.execution.ending import outcome_on_disk, processes_of
from athanor.execution.journal import JournalFiles
from athanor.execution.journal_reader import FileJournalReader
from athanor.execution.output_tail import OutputTail
from athanor.execution.progress import ProgressReader

__all__ = ["RecoveredExecution"]

_PATIENCE_S: Final = 5.0
"""How long a child of a service that is gone may take to follow it before it is killed."""


class RecoveredExecution:
    """Implements ``athanor.domain.ports.Execution`` for what is left on disk."""

    leaked = False

    def __init__(self, run_id: UUID, files: JournalFiles) -> None:
        self.run_id = run_id
        self.attempt = files.attempt
        self._files = files
        self._outcome: Outcome | None = None
        self._since = time.monotonic()
        self._tail = OutputTail(files)
        self.on_end: Callable[[], None] = _nothing

    @property
    def outcome(self) -> Outcome | None:
        """See the port. Asked again and again until the attempt's lock is free."""
        if self._outcome is None:
            if self._is_locked():
                if time.monotonic() - self._since > _PATIENCE_S:
                    self.kill()
                return None
            self._outcome = outcome_on_disk(self._files)
        return self._outcome

    def reader(self, byte_offset: int) -> FileJournalReader:
        """See the port."""
        return FileJournalReader(self._files.journal, self.attempt, byte_offset)

    def collect_output(self) -> None:
        """See the port."""
        self._tail.collect(is_last=self._outcome is not None)

    def progress(self) -> Progress | None:
        """See the port."""
        reader = ProgressReader(self._files.progress)
        with contextlib.closing(reader):
            return reader.read()

    def request_cancel(self) -> None:
        """See the port."""
        with contextlib.suppress(OSError):
            control = os.open(self._files.control, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.write(control, b"c")
            os.close(control)

    def terminate(self) -> None:
        """See the port."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """See the port."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Give back what is open."""
        self._tail.close()

    def _signal(self, number: int) -> None:
        for pid in processes_of(COOKIE, str(self.run_id)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    def _is_locked(self) -> bool:
        try:
            lock = os.open(self._files.lock, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        else:
            return False
        finally:
            os.close(lock)


def _nothing() -> None:
    """Do nothing."""
