"""Rows in COPY's text format, by a reader of that format written from its documentation."""

from __future__ import annotations

import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from athanor.db.copy_rows import LOGS, METRICS, RESULTS, make_rows, stand_in
from athanor.domain.execution import LogItem, MetricItem, ResultItem

RUN = UUID("6f1c0b6e-1f4e-4c69-9d5a-0d4c9a3c5a10")
AT = "2026-11-24T01:52:49.123456Z"
ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t"}


def read_copy(line: bytes) -> list[str | None]:
    text = line.decode()
    assert text.endswith("\n")
    assert text.count("\n") == 1
    fields = text[:-1].split("\t")
    return [
        None if field == "\\N" else re.sub(r"\\.", lambda m: ESCAPES[m[0]], field) for field in fields
    ]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(texts, texts)
def test_any_text_is_read_back_as_it_was(message: str, metadata: str) -> None:
    (row,) = make_rows(RUN, 3, 17, [LogItem(AT, "warn", message, metadata.encode(), b"")])
    assert row.table == LOGS
    assert read_copy(row.line) == [str(RUN), "17", AT, "3", "30", message, metadata]


@given(texts, st.floats(allow_nan=False), st.none() | st.integers(-(2**63), 2**63 - 1))
def test_numbers_are_read_back_exactly(name: str, value: float, step: int | None) -> None:
    (row,) = make_rows(RUN, 1, 1, [MetricItem(AT, name, value, step, b"")])
    assert row.table == METRICS
    *_, read_name, read_step, read_value = read_copy(row.line)
    assert read_name == name
    assert read_step == (None if step is None else str(step))
    assert float(read_value or "") == value


def test_consecutive_items_have_consecutive_seqs_whatever_their_kind() -> None:
    items = [
        LogItem(AT, "info", "a", b"{}", b""),
        ResultItem(AT, "k", b"1", b""),
        MetricItem(AT, "m", 1.0, None, b""),
    ]
    rows = make_rows(RUN, 1, 5, items)
    assert [row.table for row in rows] == [LOGS, RESULTS, METRICS]
    assert [read_copy(row.line)[1] for row in rows] == ["5", "6", "7"]


@given(st.text())
def test_a_stand_in_can_always_be_copied_and_keeps_its_place(reason: str) -> None:
    rows = make_rows(
        RUN,
        1,
        5,
        [
            LogItem(AT, "info", "\x00", b"{}", b""),
            ResultItem(AT, "k", b"{", b""),
            MetricItem(AT, "m", 1.0, 2**70, b""),
        ],
    )
    for row in rows:
        replaced = stand_in(row, reason)
        assert replaced.table == row.table
        assert read_copy(replaced.line)[:4] == read_copy(row.line)[:4]
        assert b"\x00" not in replaced.line
