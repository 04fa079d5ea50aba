"""The context of a run, on a journal: what ``run(ctx)`` is given, in a child as in a thread."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol, TypeVar

import msgspec

from athanor.domain.context import (
    Cancelled,
    ConfigT,
    InstanceSnapshot,
    RunContext,
    RunSnapshot,
)
from athanor.domain.items import LEVELS, MAX_KEY_CHARS, normalise_level
from athanor.execution.encoding import (
    clean_text,
    encode_metadata,
    encode_text,
    encode_value,
    shown,
)
from athanor.execution.journal import Journal

__all__ = ["CancelFlag", "EndedByCall", "JournalContext", "SlotPort"]

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode
_INT64: Final = range(-(2**63), 2**63)


class EndedByCall(BaseException):
    """Raised by ``complete`` and ``fail``: the run ends here, with this error or none."""

    def __init__(self, error: object = None, *, failed: bool) -> None:
        super().__init__(error)
        self.error = error
        self.failed = failed


class CancelFlag(Protocol):
    """The cancel flag: a plain attribute to look at, and a wait that it ends."""

    is_set: bool

    def wait(self, seconds: float) -> bool:
        """Wait until it is set, this long at the most; gives whether it is set."""
        ...


class SlotPort(Protocol):
    """Where progress goes."""

    def write(self, current: float, total: float | None, message: str | None) -> None:
        """Keep this as the last progress."""
        ...


class JournalContext(RunContext[ConfigT]):
    """Implements ``RunContext``. ``fence`` is raised past: once set, every call raises ``Cancelled``."""

    def __init__(
        self,
        *,
        config: ConfigT,
        run: RunSnapshot,
        instance: InstanceSnapshot,
        directory: Path,
        journal: Journal,
        flag: CancelFlag,
        slot: SlotPort,
    ) -> None:
        self.config = config
        self.run = run
        self.instance = instance
        self.directory = directory
        self._journal = journal
        self._flag = flag
        self._slot = slot
        self.is_fenced = False

    # --- kept -------------------------------------------------------------------------------

    def log(self, level: str, message: object, /, **metadata: Any) -> None:
        """See ``RunContext``."""
        if level not in LEVELS:
            level = normalise_level(level)
        notes: list[str] = []
        line = self._journal.log_line(
            level, encode_text(message), encode_metadata(metadata, notes) if metadata else b"{}"
        )
        self._append(line, notes)

    def log_batch(self, entries: Iterable[tuple[str, object, dict[str, Any] | None]]) -> None:
        """See ``RunContext``."""
        notes: list[str] = []
        lines = [
            self._journal.log_line(
                normalise_level(level), encode_text(message), encode_metadata(metadata or {}, notes)
            )
            for level, message, metadata in entries
        ]
        if lines:
            self._append(b"".join(lines), notes)

    def result(self, key: str, value: Any) -> None:
        """See ``RunContext``."""
        notes: list[str] = []
        name = self._name(key, "a result's key", notes)
        self._append(self._journal.result_line(name, encode_value(value, notes)), notes)

    def metric(self, name: str, value: float, step: int | None = None) -> None:
        """See ``RunContext``."""
        notes: list[str] = []
        label = self._name(name, "a metric's name", notes)
        number = _number(value, notes)
        self._append(
            self._journal.metric_line(label, _step(step, notes), number),
            notes,
        )

    def _name(self, name: object, what: str, notes: list[str]) -> bytes:
        if not isinstance(name, str):
            name = str(name)
        if len(name) > MAX_KEY_CHARS:
            notes.append(f"{what} of {len(name):,} characters was cut to {MAX_KEY_CHARS:,}")
            name = name[:MAX_KEY_CHARS]
        return _encode(clean_text(name))

    def _append(self, line: bytes, notes: list[str]) -> None:
        if self.is_fenced:
            raise Cancelled("the run has ended and keeps nothing more")
        self._journal.append(line)
        for note in notes:
            self._journal.append(self._journal.log_line("warn", encode_text(note), b"{}"))

    # --- not kept ---------------------------------------------------------------------------

    def progress(self, current: float, total: float | None, message: str | None = None) -> None:
        """See ``RunContext``."""
        number, whole = float(current), None if total is None else float(total)
        if not math.isfinite(number) or (whole is not None and not math.isfinite(whole)):
            return  # of how far that would be, nobody can make a picture
        if message is not None:
            message = clean_text(str(message))
        self._slot.write(number, whole, message)

    def track(
        self, iterable: Iterable[T], message: str | None = None, total: int | None = None
    ) -> Iterator[T]:
        """See ``RunContext``."""
        if total is None:
            hint = operator.length_hint(iterable, -1)
            total = hint if hint >= 0 else None
        self.progress(0, total, message)
        for done, item in enumerate(iterable, start=1):
            self.raise_if_cancelled()
            yield item
            self.progress(done, total, message)

    # --- control ----------------------------------------------------------------------------

    @property
    def cancelled(self) -> bool:
        """See ``RunContext``."""
        return self._flag.is_set

    def raise_if_cancelled(self) -> None:
        """See ``RunContext``."""
        if self._flag.is_set:
            raise Cancelled("the run was asked to stop")

    def sleep(self, seconds: float) -> None:
        """See ``RunContext``."""
        if self._flag.wait(max(0.0, seconds)):
            raise Cancelled("the run was asked to stop")

    def complete(self) -> NoReturn:
        """See ``RunContext``."""
        raise EndedByCall(failed=False)

    def fail(self, error: object) -> NoReturn:
        """See ``RunContext``."""
        raise EndedByCall(error, failed=True)


def _number(value: Any, notes: list[str]) -> bytes:
    """Encode a metric's value; what is no number is kept as NaN, with a note of what it was."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        notes.append(f"a metric's value is a number; {shown(value)[:200]} is kept as NaN")
        return b'"NaN"'
    if math.isfinite(number):
        return _encode(number)
    if math.isnan(number):
        return b'"NaN"'
    return b'"Infinity"' if number > 0 else b'"-Infinity"'


def _step(step: Any, notes: list[str]) -> bytes:
    """Encode a metric's step, a whole number of 64 bits; what is none is left out, with a note."""
    if step is None:
        return b"null"
    try:
        whole = operator.index(step) if not isinstance(step, float) else int(step)
    except (TypeError, ValueError, OverflowError):
        whole = None
    if whole is None or whole not in _INT64:
        notes.append(
            f"a metric's step is a whole number of 64 bits; {shown(step)[:200]} is left out"
        )
        return b"null"
    return b"%d" % whole
