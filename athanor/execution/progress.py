"""The slot of a run's last progress: a page of a file, written in place, read by the service.

Not through the journal, since only the last one counts and it may come a million times a second. A
child and the service map the same file. The writer makes the count odd, writes, and makes it even
again; a reader that sees an odd count, or another one afterwards, looks again.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from athanor.domain.run import Progress
from athanor.native.threads import new_lock

__all__ = ["ProgressReader", "ProgressSlot", "ProgressWriter"]

SIZE: Final = 4096
_HEAD: Final = struct.Struct("=QdddHB")  # count, current, total, at, length of message, has total
_COUNT: Final = struct.Struct("=Q")
_BODY: Final = struct.Struct("=dddHB")
_MAX_MESSAGE: Final = SIZE - _HEAD.size


def progress_of(current: float, total: float | None, message: str | None, at: float) -> Progress:
    """Make the progress of the domain; the percentage is None without a total above zero."""
    percent = None
    if total is not None and total > 0:
        percent = min(100.0, max(0.0, 100.0 * current / total))
    return Progress(
        _plain(current),
        None if total is None else _plain(total),
        percent,
        message,
        datetime.fromtimestamp(at, UTC),
    )


def _plain(number: float) -> float:
    """Show a whole number without a fraction, as JSON does of integers."""
    return int(number) if number.is_integer() else number


class ProgressSlot:
    """The slot of a thread: an attribute that the service reads."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: tuple[float, float | None, str | None, float] | None = None

    def write(self, current: float, total: float | None, message: str | None) -> None:
        """Keep this as the last progress."""
        self._last = (current, total, message, time.time())

    def read(self) -> Progress | None:
        """Give the last progress."""
        last = self._last
        return None if last is None else progress_of(*last)


class ProgressWriter:
    """The slot of a child, as the child writes it."""

    __slots__ = ("_count", "_lock", "_map")

    def __init__(self, path: Path) -> None:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(file, SIZE)
            self._map = mmap.mmap(file, SIZE)
        finally:
            os.close(file)
        self._count = 0
        self._lock = new_lock()
        # A fork while another thread writes must not leave the copy waiting for ever.
        os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        self._lock = new_lock()

    def write(self, current: float, total: float | None, message: str | None) -> None:
        """Keep this as the last progress."""
        text = b"" if message is None else message.encode("utf-8", "replace")[:_MAX_MESSAGE]
        # A length beyond the page says that there is no message.
        length = len(text) if message is not None else 0xFFFF
        with self._lock:
            _COUNT.pack_into(self._map, 0, self._count + 1)
            _BODY.pack_into(
                self._map, 8, current, total or 0.0, time.time(), length, total is not None
            )
            self._map[_HEAD.size : _HEAD.size + len(text)] = text
            self._count += 2
            _COUNT.pack_into(self._map, 0, self._count)


class ProgressReader:
    """The slot of a child, as the service reads it, also after the child's end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._map: mmap.mmap | None = None

    def read(self) -> Progress | None:
        """Give the last progress; None while there is none."""
        mapped = self._mapped()
        if mapped is None:
            return None
        for _ in range(5):
            page = bytes(mapped)
            (count,) = _COUNT.unpack_from(page)
            if count == 0:
                return None
            if count % 2 == 0 and _COUNT.unpack_from(mapped)[0] == count:
                _, current, total, at, length, has_total = _HEAD.unpack_from(page)
                message = None
                if length != 0xFFFF:
                    message = page[_HEAD.size : _HEAD.size + length].decode("utf-8", "ignore")
                return progress_of(current, total if has_total else None, message, at)
        return None

    def close(self) -> None:
        """Unmap the file."""
        if self._map is not None:
            self._map.close()
            self._map = None

    def _mapped(self) -> mmap.mmap | None:
        if self._map is None:
            try:
                file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            try:
                if os.fstat(file).st_size >= SIZE:
                    self._map = mmap.mmap(file, SIZE, prot=mmap.PROT_READ)
            finally:
                os.close(file)
        return self._map
