"""What an experiment prints, logs and warns of arrives in its run's log.

``LineStream`` takes the place of ``sys.stdout`` and ``sys.stderr``; ``JournalHandler`` is a handler
of ``logging``. A line that is redrawn with carriage returns, as progress bars do, is kept once a
second and as it stood last. Both find the journal of the present run through a function, so that
the same classes serve a child, which has one, and the service, whose threads have one each.
"""

from __future__ import annotations

import io
import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TextIO

from athanor.native.threads import new_reentrant_lock, real_logging_lock

if TYPE_CHECKING:
    from athanor.execution.context import JournalContext

__all__ = ["JournalHandler", "LineAssembler", "LineStream", "level_of"]

_REDRAW_S: Final = 1.0
_MAX_PARTIAL_CHARS: Final = 1024 * 1024

Find = Callable[[], "JournalContext[Any] | None"]


class LineAssembler:
    """Makes lines of the pieces that ``write`` is called with; ``keep`` gets each whole line."""

    def __init__(self, keep: Callable[[str], None]) -> None:
        self._keep = keep
        self._partial = ""
        self._redrawn_at = 0.0

    def write(self, text: str) -> None:
        """Take a piece."""
        text = self._partial + text
        lines = text.split("\n")
        self._partial = lines.pop()
        for line in lines:
            self._whole(line)
        if "\r" in self._partial:
            self._redraw()
        if len(self._partial) > _MAX_PARTIAL_CHARS:
            self.flush()

    def flush(self) -> None:
        """Keep what has no newline yet; at the end."""
        partial, self._partial = self._partial, ""
        if partial:
            self._whole(partial)

    def _whole(self, line: str) -> None:
        if "\r" in line:
            # Of what was drawn over itself the last is what one would see.
            drawn = [part for part in line.split("\r") if part]
            line = drawn[-1] if drawn else ""
        self._keep(line)

    def _redraw(self) -> None:
        """Keep the present state of a line that is drawn again and again, once a second."""
        drawn, _, rest = self._partial.rpartition("\r")
        shown = rest or drawn.rpartition("\r")[2]
        now = time.monotonic()
        if shown and now - self._redrawn_at >= _REDRAW_S:
            self._redrawn_at = now
            self._keep(shown)
            self._partial = ""
        else:
            self._partial = f"\r{shown}" if shown else ""


class LineStream(io.TextIOBase):
    """A text stream whose lines become log lines of the present run, or go where they went before."""

    def __init__(self, name: str, level: str, find: Find, beneath: TextIO | None) -> None:
        super().__init__()
        self.name = name
        self._level = level
        self._find = find
        self._beneath = beneath
        self._renew_lock()
        os.register_at_fork(after_in_child=self._renew_lock)
        self._assemblers: dict[int, tuple[Any, LineAssembler]] = {}

    def _renew_lock(self) -> None:
        """Take a new lock: a fork while another thread prints leaves the old one held for ever."""
        # Reentrant, since a signal handler may print while the thread beneath it does.
        self._lock = new_reentrant_lock()

    @property
    def encoding(self) -> str:  # type: ignore[override] # a plain attribute in the base class
        """What a terminal would say."""
        return "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override] # a plain attribute in the base class
        """How text that cannot be encoded is treated: it is replaced later on."""
        return "backslashreplace"

    def writable(self) -> bool:
        """Say yes."""
        return True

    def isatty(self) -> bool:
        """Say no: nobody can answer."""
        return False

    def fileno(self) -> int:
        """Give the descriptor beneath, for those who hand it to a process of theirs."""
        if self._beneath is None:
            raise io.UnsupportedOperation("fileno")
        return self._beneath.fileno()

    def write(self, text: str) -> int:
        """Take text; whole lines of it are kept at once."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        context = self._find()
        if context is None:
            return self._beneath.write(text) if self._beneath is not None else len(text)
        with self._lock:
            key = id(context)
            if key not in self._assemblers:
                self._assemblers[key] = (context, LineAssembler(self._keeper(context)))
            self._assemblers[key][1].write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what is beneath; a line without its newline waits for it."""
        if self._beneath is not None and not self._beneath.closed:
            self._beneath.flush()

    def finish(self, context: JournalContext[Any]) -> None:
        """Keep the last, unended line of a run that is over, and forget the run."""
        with self._lock:
            entry = self._assemblers.pop(id(context), None)
            if entry is not None:
                entry[1].flush()

    def _keeper(self, context: JournalContext[Any]) -> Callable[[str], None]:
        def keep(line: str) -> None:
            context.log(self._level, line, stream=self.name)

        return keep


class JournalHandler(logging.Handler):
    """Keeps the records of ``logging`` in the present run's log, with the logger's name."""

    def __init__(self, find: Find) -> None:
        super().__init__()
        self._find = find

    def createLock(self) -> None:  # noqa: N802 # logging's name
        """Take a lock that native threads share without standing still."""
        real_logging_lock(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        context = self._find()
        if context is None:
            return
        try:
            message = record.getMessage()
        except Exception as error:
            message = f"{record.msg!r} % {record.args!r} ({error})"
        metadata: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            metadata["exception"] = logging.Formatter().formatException(record.exc_info)
        context.log(level_of(record.levelno), message, **metadata)


def level_of(number: int) -> str:
    """Give the run's level of a level of ``logging``."""
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"
