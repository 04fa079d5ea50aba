"""The writing side of a journal: one JSON line an item, one ``write`` a line, appended.

Used by a child, a thread and the service alike, and by several at once: ``O_APPEND`` puts every
``write`` whole at the end, so there is no lock and no counter. What ``append`` returned for is in
the file and outlives the process. Reading it back is ``journal_reader``.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from athanor.domain.run import Outcome

__all__ = ["Journal", "JournalFiles"]

_encode = msgspec.json.Encoder().encode
_LEVELS: Final = {
    "debug": b'"level":"debug","message":',
    "info": b'"level":"info","message":',
    "warn": b'"level":"warn","message":',
    "error": b'"level":"error","message":',
}


class JournalFiles:
    """The files of one attempt in a run's directory."""

    __slots__ = ("attempt", "directory")

    def __init__(self, directory: Path, attempt: int) -> None:
        self.directory = directory
        self.attempt = attempt

    def _named(self, suffix: str) -> Path:
        return self.directory / f"{self.attempt}.{suffix}"

    @property
    def journal(self) -> Path:
        """The items."""
        return self._named("jsonl")

    @property
    def specification(self) -> Path:
        """What the attempt was started with; written before anything else of it."""
        return self._named("json")

    @property
    def lock(self) -> Path:
        """Locked for as long as the child lives."""
        return self._named("lock")

    @property
    def progress(self) -> Path:
        """The slot of the last progress."""
        return self._named("progress")

    @property
    def control(self) -> Path:
        """The FIFO through which a child is told to stop."""
        return self._named("control")

    @property
    def exit(self) -> Path:
        """How the child's process ended, as its starter saw it."""
        return self._named("exit")

    @property
    def stopped(self) -> Path:
        """There when the service was stopped in order while the attempt was under way."""
        return self._named("stopped")

    def output(self, stream: str) -> Path:
        """Give what came on descriptor 1 (``stdout``) or 2 (``stderr``)."""
        return self._named(stream)

    @property
    def working_directory(self) -> Path:
        """The run's own directory, which all attempts share."""
        return self.directory / "files"


class Journal:
    """Appends to one attempt's journal. ``OSError`` when the file system refuses."""

    def __init__(self, path: Path, attempt: int) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self._attempt = b'","attempt":%d,' % attempt
        self._is_torn = False
        self._second = -1
        self._prefix = b""

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def stamp(self) -> bytes:
        """Give what every line begins with: the time in microseconds and the attempt."""
        now = time.time_ns()
        second, rest = divmod(now, 1_000_000_000)
        if second != self._second:
            text = time.strftime('{"at":"%Y-%m-%dT%H:%M:%S.', time.gmtime(second))
            # Two threads may do this at once; each uses what it made itself.
            prefix = text.encode()
            self._prefix, self._second = prefix, second
        else:
            prefix = self._prefix
        return b"%b%06dZ%b" % (prefix, rest // 1000, self._attempt)

    def log_line(self, level: str, message: bytes, metadata: bytes) -> bytes:
        """Make the line of a log entry; ``message`` and ``metadata`` are JSON."""
        return b'%b%b%b,"metadata":%b}\n' % (self.stamp(), _LEVELS[level], message, metadata)

    def result_line(self, key: bytes, value: bytes) -> bytes:
        """Make the line of a result."""
        return b'%b"key":%b,"value":%b}\n' % (self.stamp(), key, value)

    def metric_line(self, name: bytes, step: bytes, value: bytes) -> bytes:
        """Make the line of a point of a metric."""
        return b'%b"name":%b,"step":%b,"value":%b}\n' % (self.stamp(), name, step, value)

    def append(self, lines: bytes) -> None:
        """Append whole lines in one write. Raises ``OSError`` when they are not all in."""
        if self._is_torn:
            lines = b"\n" + lines
        written = os.write(self._file, lines)
        if written == len(lines):
            self._is_torn = False
            return
        # A full disk took a part: the next write begins on a line of its own.
        self._is_torn = True
        rest = lines[written:]
        again = os.write(self._file, rest)  # says why, by raising
        if again != len(rest):
            raise OSError(28, "the journal could not be written whole: no space left")
        self._is_torn = False

    def end(self, outcome: Outcome) -> None:
        """Append the last line, and have it and all before it on the disk."""
        said: dict[str, Any] = {
            "reason": outcome.reason.value,
            "error": outcome.error,
            "details": outcome.details,
        }
        self.append(b'%b"outcome":%b}\n' % (self.stamp(), _encode(said)))
        os.fdatasync(self._file)
