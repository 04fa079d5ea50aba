"""Rows in COPY's text format, made once per item and joined when they are committed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from athanor.domain.execution import JournalItem, LogItem, ResultItem
from athanor.domain.items import LEVELS

__all__ = ["LOGS", "METRICS", "RESULTS", "CopyRow", "make_rows", "stand_in"]

LOGS: Final = 0
RESULTS: Final = 1
METRICS: Final = 2

REFUSED: Final = "athanor.refused"
"""The key or name of the stand-in for a result or metric that the database refused."""

_LEVEL_BYTES = {level: b"%d" % rank for level, rank in LEVELS.items()}


class CopyRow(NamedTuple):
    """One row: its table, its seq, what stands before its values, and the whole line for COPY."""

    table: int
    head: bytes
    line: bytes


def _escape(data: bytes) -> bytes:
    r"""Escape for COPY: backslash, newline, carriage return and tab mean something there."""
    if b"\\" in data:
        data = data.replace(b"\\", b"\\\\")
    if b"\n" in data:
        data = data.replace(b"\n", b"\\n")
    if b"\r" in data:
        data = data.replace(b"\r", b"\\r")
    if b"\t" in data:
        data = data.replace(b"\t", b"\\t")
    return data


def make_rows(
    run_id: UUID, attempt: int, first_seq: int, items: Sequence[JournalItem]
) -> list[CopyRow]:
    """Make the rows of consecutive items."""
    prefix = str(run_id).encode() + b"\t"
    suffix = b"\t%d\t" % attempt
    rows = []
    seq = first_seq
    for item in items:
        head = b"%b%d\t%b%b" % (prefix, seq, item.at.encode(), suffix)
        if isinstance(item, LogItem):
            line = b"%b%b\t%b\t%b\n" % (
                head,
                _LEVEL_BYTES[item.level],
                _escape(item.message.encode("utf-8", "replace")),
                _escape(item.metadata),
            )
            rows.append(CopyRow(LOGS, head, line))
        elif isinstance(item, ResultItem):
            key = _escape(item.key.encode("utf-8", "replace"))
            rows.append(CopyRow(RESULTS, head, b"%b%b\t%b\n" % (head, key, _escape(item.value))))
        else:
            step = b"\\N" if item.step is None else b"%d" % item.step
            name = _escape(item.name.encode("utf-8", "replace"))
            value = repr(item.value).encode()
            rows.append(CopyRow(METRICS, head, b"%b%b\t%b\t%b\n" % (head, name, step, value)))
        seq += 1
    return rows


def stand_in(row: CopyRow, reason: str) -> CopyRow:
    """Make the row that takes the place of one that the database refused, and says why."""
    text = "".join(c if c.isprintable() and c not in '"\\' else " " for c in reason)[:500]
    said = text.encode("ascii", "replace")
    if row.table == LOGS:
        line = b"%b30\tThe database refused this line: %b\t{}\n" % (row.head, said)
    elif row.table == RESULTS:
        line = b'%b%b\t{"refused":"%b"}\n' % (row.head, REFUSED.encode(), said)
    else:
        line = b"%b%b\t\\N\tNaN\n" % (row.head, REFUSED.encode())
    return CopyRow(row.table, row.head, line)
