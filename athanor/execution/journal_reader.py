"""The reading side of a journal: whole lines to items, always the same ones from the same bytes.

Nothing in a journal can stop its reader: a line that does not decode becomes a warning, which
takes the place and the number that the item would have had.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import msgspec

from athanor.domain.execution import JournalItem, JournalSlice, LogItem, MetricItem, ResultItem
from athanor.domain.items import LEVELS
from athanor.domain.run import ExitReason, Outcome

__all__ = ["FileJournalReader"]

_EXCERPT_BYTES: Final = 200
_NO_TIME: Final = "1970-01-01T00:00:00.000000Z"
_AT_END: Final = len('{"at":"2026-11-24T01:52:49.123456Z"')
_SPECIAL: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class _LogLine(msgspec.Struct):
    at: str
    level: str
    message: str
    metadata: msgspec.Raw


class _ResultLine(msgspec.Struct):
    at: str
    key: str
    value: msgspec.Raw


class _MetricLine(msgspec.Struct):
    at: str
    name: str
    value: float | str
    step: int | None


class _EndLine(msgspec.Struct):
    outcome: dict[str, Any]


_decode_log = msgspec.json.Decoder(_LogLine).decode
_decode_result = msgspec.json.Decoder(_ResultLine).decode
_decode_metric = msgspec.json.Decoder(_MetricLine).decode
_decode_end = msgspec.json.Decoder(_EndLine).decode


class FileJournalReader:
    """Implements ``athanor.domain.ports.JournalReader`` on the file of one attempt."""

    def __init__(self, path: Path, attempt: int, byte_offset: int) -> None:
        self._path = path
        self._offset = byte_offset
        self._attempt = attempt
        self._tail = b',"attempt":%d,"' % attempt
        self._kind_at = _AT_END + len(self._tail)
        self._file: int | None = None
        self._want = 0

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def read(self, max_bytes: int) -> JournalSlice | None:
        """See the port."""
        data = self._read_at(max(max_bytes, self._want))
        end = data.rfind(b"\n")
        if end < 0:
            if len(data) >= max(max_bytes, self._want):
                # A line longer than what was asked for: look at twice as much until it is whole.
                self._want = max(2 * len(data), max_bytes)
                return self.read(max_bytes)
            return None
        self._want = 0
        return self._slice(data[: end + 1])

    def read_torn_tail(self) -> JournalSlice | None:
        """See the port."""
        size = self._size()
        if size <= self._offset:
            return None
        data = self._read_at(size - self._offset)
        if not data or b"\n" in data:
            return None
        start, self._offset = self._offset, self._offset + len(data)
        warning = self._warning(
            data, f"The last line of the journal is torn, {len(data)} bytes of it are left"
        )
        return JournalSlice(start, self._offset, [warning])

    def _open(self) -> int | None:
        if self._file is None:
            try:
                self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
        return self._file

    def _size(self) -> int:
        file = self._open()
        return 0 if file is None else os.fstat(file).st_size

    def _read_at(self, count: int) -> bytes:
        file = self._open()
        if file is None:
            return b""
        data = os.pread(file, count, self._offset)
        while data and len(data) < count:
            more = os.pread(file, count - len(data), self._offset + len(data))
            if not more:
                break
            data += more
        return data

    def _slice(self, data: bytes) -> JournalSlice:
        start, self._offset = self._offset, self._offset + len(data)
        items: list[JournalItem] = []
        outcome: Outcome | None = None
        for line in data.split(b"\n"):
            if not line:
                continue  # what a short write made of the next line's beginning
            kind = line[self._kind_at : self._kind_at + 2]
            try:
                if kind == b"le":
                    items.append(_log(line))
                elif kind == b"na":
                    items.append(_metric(line))
                elif kind == b"ke":
                    items.append(_result(line))
                elif kind == b"ou":
                    outcome = _outcome(line)
                else:
                    raise ValueError("it is no item")  # one way for all that is none
            except (msgspec.MsgspecError, ValueError, KeyError, UnicodeError, RecursionError):
                items.append(
                    self._warning(line, f"A line of the journal of {len(line)} bytes is no item")
                )
        return JournalSlice(start, self._offset, items, outcome)

    def _warning(self, data: bytes, message: str) -> LogItem:
        at = data[7 : _AT_END - 1].decode("ascii", "replace")
        if not data.startswith(b'{"at":"') or not _is_time(at):
            at = _NO_TIME
        excerpt = data[:_EXCERPT_BYTES].decode("utf-8", "replace").replace("\x00", "\ufffd")
        metadata = msgspec.json.encode({"excerpt": excerpt})
        line = b'{"at":"%b","attempt":%d,"level":"warn","message":%b,"metadata":%b}' % (
            at.encode(),
            self._attempt,
            msgspec.json.encode(message),
            metadata,
        )
        return LogItem(at, "warn", message, metadata, line)


def _is_time(text: str) -> bool:
    from datetime import datetime

    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return False
    return True


def _log(line: bytes) -> LogItem:
    read = _decode_log(line)
    if read.level not in LEVELS:
        raise ValueError("there is no such level")
    return LogItem(read.at, read.level, read.message, bytes(read.metadata), line)


def _result(line: bytes) -> ResultItem:
    read = _decode_result(line)
    return ResultItem(read.at, read.key, bytes(read.value), line)


def _metric(line: bytes) -> MetricItem:
    read = _decode_metric(line)
    value = _SPECIAL[read.value] if isinstance(read.value, str) else read.value
    return MetricItem(read.at, read.name, value, read.step, line)


def _outcome(line: bytes) -> Outcome:
    said = _decode_end(line).outcome
    return Outcome(ExitReason(said["reason"]), said["error"], said["details"])
