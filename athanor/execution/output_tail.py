"""What came on descriptors 1 and 2 of a child, line by line into its journal.

Plain files, since a pipe would end with its reader. How far a file was taken over stands in the
lines themselves, so that a service that comes later goes on where the earlier one stopped.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from athanor.execution.encoding import encode_text
from athanor.execution.journal import Journal, JournalFiles

__all__ = ["OutputTail"]

_STREAMS: Final = {"stdout": "info", "stderr": "warn"}
_MAX_READ_BYTES: Final = 256 * 1024
_MAX_LINE_BYTES: Final = 1024 * 1024
_LOOK_BACK_BYTES: Final = 8 * 1024 * 1024


class OutputTail:
    """Follows the two files of one attempt."""

    def __init__(self, files: JournalFiles) -> None:
        self._files = files
        self._offsets: dict[str, int] = {}
        self._journal: Journal | None = None

    def collect(self, *, is_last: bool = False) -> None:
        """Take over the whole lines that are new; at the end also one without its newline."""
        for stream, level in _STREAMS.items():
            path = self._files.output(stream)
            try:
                size = path.stat().st_size
            except FileNotFoundError:
                continue
            if size == 0:
                continue
            if stream not in self._offsets:
                self._offsets[stream] = self._last_offset(stream)
            while self._offsets[stream] < size and self._take(path, stream, level, is_last=is_last):
                pass

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _take(self, path: Path, stream: str, level: str, *, is_last: bool) -> bool:
        start = self._offsets[stream]
        with open(path, "rb") as file:
            file.seek(start)
            data = file.read(_MAX_READ_BYTES)
        end = data.rfind(b"\n") + 1
        if end == 0:
            if len(data) < _MAX_READ_BYTES and not is_last:
                return False  # a line on its way
            end = len(data)
        lines, at = [], start
        journal = self._open()
        for raw in data[:end].split(b"\n"):
            at = min(at + len(raw) + 1, start + end)
            if raw or at < start + end:
                text = raw.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]
                metadata = b'{"stream":"%b","offset":%d}' % (stream.encode(), at)
                lines.append(journal.log_line(level, encode_text(text), metadata))
        journal.append(b"".join(lines))
        self._offsets[stream] = start + end
        return True

    def _open(self) -> Journal:
        if self._journal is None:
            self._journal = Journal(self._files.journal, self._files.attempt)
        return self._journal

    def _last_offset(self, stream: str) -> int:
        """Find how far an earlier service has come: the offset in the last line of this stream."""
        mark = b'"metadata":{"stream":"%b","offset":' % stream.encode()
        try:
            with open(self._files.journal, "rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - _LOOK_BACK_BYTES))
                data = file.read()
        except FileNotFoundError:
            return 0
        found = data.rfind(mark)
        if found < 0:
            return 0
        digits = data[found + len(mark) : found + len(mark) + 20].split(b"}")[0]
        return int(digits) if digits.isdigit() else 0
