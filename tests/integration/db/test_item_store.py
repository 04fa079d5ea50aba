"""Batches go in exactly once, windows come out, and what the database refuses leaves a stand-in."""

from __future__ import annotations

import json
import math
from uuid import UUID, uuid4

import pytest

from athanor.db.database import Database
from athanor.db.stores import postgres_stores
from athanor.domain.errors import ItemNotFound, RunNotFound
from athanor.domain.execution import LogItem, MetricItem, ResultItem
from athanor.domain.items import MAX_LIVE_VALUE_BYTES
from athanor.domain.ports import ItemBatch, Stores
from athanor.domain.run import Counts, NewRun

AT = "2026-11-24T01:52:49.123456Z"
ME = UUID("11111111-1111-4111-8111-111111111111")


def log(message: str, level: str = "info", metadata: bytes = b"{}") -> LogItem:
    return LogItem(AT, level, message, metadata, b"")


@pytest.fixture
def stores(database: Database) -> Stores:
    return postgres_stores(database)


@pytest.fixture
def run_id(stores: Stores) -> UUID:
    stores.services.register(ME, "here", 1)
    instance = stores.instances.create("e", "n", "", {})
    run = stores.runs.create(NewRun(uuid4(), instance.id, "e", {}, "process", 1, ME))
    stores.runs.start(run.id, ME)
    return run.id


def batch(stores: Stores, run_id: UUID, items, first_seq=1, from_offset=0, names=None) -> ItemBatch:
    counts = Counts(
        logs=sum(isinstance(item, LogItem) for item in items),
        results=sum(isinstance(item, ResultItem) for item in items),
        metrics=sum(isinstance(item, MetricItem) for item in items),
    )
    return ItemBatch(
        run_id,
        1,
        from_offset,
        from_offset + 100,
        first_seq,
        first_seq + len(items) - 1,
        stores.items.rows(run_id, 1, first_seq, items),
        counts,
        names,
    )


def stored(stores: Stores, run_id: UUID) -> list[dict]:
    return [json.loads(item.json) for item in stores.items.after(run_id, 0, 1000)]


def test_a_batch_that_comes_twice_is_in_once(stores, run_id) -> None:
    one = batch(stores, run_id, [log("a"), log("b")])
    assert stores.items.commit(ME, [one]) == [True]
    assert stores.items.commit(ME, [one]) == [False]
    assert [entry["message"] for entry in stored(stores, run_id)] == ["a", "b"]
    cursor = stores.items.cursor(run_id)
    assert (cursor.byte_offset, cursor.seq, cursor.counts.logs) == (100, 2, 2)


def test_a_batch_of_another_owner_is_fenced_off(stores, run_id) -> None:
    assert stores.items.commit(uuid4(), [batch(stores, run_id, [log("a")])]) == [False]
    assert stored(stores, run_id) == []


def test_a_batch_of_a_deleted_run_is_not_in_and_hurts_no_other(stores, run_id) -> None:
    gone = batch(stores, uuid4(), [log("x")])
    assert stores.items.commit(ME, [gone, batch(stores, run_id, [log("a")])]) == [False, True]
    assert stores.items.after(gone.run_id, 0, 10) == []


@pytest.mark.parametrize(
    "text",
    ["back\\slash", "tab\there", "new\nline", "return\r", "\\N", "\\.", "ü 漢 🜂", "", "a\\tb", "'\"%s"],
)
def test_text_comes_out_as_it_went_in(stores, run_id, text) -> None:
    metadata = json.dumps({text: text}, separators=(",", ":")).encode()
    items = [log(text, metadata=metadata), ResultItem(AT, text, metadata, b"")]
    assert stores.items.commit(ME, [batch(stores, run_id, items)]) == [True]
    first, second = stored(stores, run_id)
    assert (first["message"], first["metadata"]) == (text, {text: text})
    assert (second["key"], second["value"]) == (text, {text: text})


def test_metrics_keep_nan_infinities_and_no_step(stores, run_id) -> None:
    values = [math.nan, math.inf, -math.inf, 1.5, 1e-300]
    items = [MetricItem(AT, "loss", value, None if i else 7, b"") for i, value in enumerate(values)]
    stores.items.commit(ME, [batch(stores, run_id, items, names=("loss",))])
    shown = stored(stores, run_id)
    assert [entry["value"] for entry in shown] == ["NaN", "Infinity", "-Infinity", 1.5, 1e-300]
    assert [entry["step"] for entry in shown] == [7, None, None, None, None]
    assert stores.items.cursor(run_id).metric_names == ("loss",)


def test_what_the_database_refuses_is_stored_as_a_stand_in_of_the_same_seq(stores, run_id) -> None:
    other = stores.runs.create(
        NewRun(uuid4(), stores.runs.get(run_id).instance_id, "e", {}, "process", 1, ME)
    )
    bad = [
        log("fine"),
        log("nul \x00 inside"),
        ResultItem(AT, "k", b"{not json", b""),
        MetricItem(AT, "m", 1.0, 2**70, b""),
        log("also fine"),
    ]
    accepted = stores.items.commit(
        ME, [batch(stores, run_id, bad), batch(stores, other.id, [log("untouched")])]
    )
    assert accepted == [True, True]
    shown = stored(stores, run_id)
    assert [entry["seq"] for entry in shown] == [1, 2, 3, 4, 5]
    assert shown[0]["message"] == "fine"
    assert "refused" in shown[1]["message"]
    assert "refused" in shown[2]["value"]
    assert shown[3]["name"] == "athanor.refused"
    assert shown[4]["message"] == "also fine"
    assert [entry["message"] for entry in stored(stores, other.id)] == ["untouched"]


def test_a_key_of_ten_thousand_random_letters_is_kept(stores, run_id) -> None:
    import random

    key = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz", k=10_000))
    stores.items.commit(ME, [batch(stores, run_id, [ResultItem(AT, key, b"1", b"")])])
    assert stored(stores, run_id)[0]["key"] == key


def test_a_large_result_is_listed_by_size_and_preview_and_given_whole_by_seq(stores, run_id) -> None:
    value = json.dumps("x" * MAX_LIVE_VALUE_BYTES).encode()
    stores.items.commit(ME, [batch(stores, run_id, [ResultItem(AT, "k", value, b"")])])
    (listed,) = stores.items.results(run_id)
    shown = json.loads(listed.json)
    assert shown["size"] == len(value)
    assert "value" not in shown
    assert len(shown["preview"]) == 500
    assert json.loads(stores.items.result(run_id, 1).json)["value"] == "x" * MAX_LIVE_VALUE_BYTES
    with pytest.raises(ItemNotFound):
        stores.items.result(run_id, 2)


def test_logs_are_windowed_filtered_and_searched(stores, run_id) -> None:
    levels = ["debug", "info", "warn", "error"]
    items = [log(f"line {i} 100%_\\", levels[i % 4]) for i in range(40)]
    stores.items.commit(ME, [batch(stores, run_id, items)])

    def seqs(**values) -> list[int]:
        return [item.seq for item in stores.items.logs(run_id, **values)]

    assert seqs(after=10, before=15, limit=10) == [11, 12, 13, 14]
    assert seqs(tail=True, limit=3) == [38, 39, 40]
    assert seqs(minimum_level="error", limit=3) == [4, 8, 12]
    assert seqs(text="LINE 3 ", limit=50) == [4]
    assert seqs(text="100%_\\", limit=50) == list(range(1, 41))
    assert seqs(text="100%%", limit=50) == []


def test_a_downsampled_series_keeps_its_spike(stores, run_id) -> None:
    items = [MetricItem(AT, "m", 1000.0 if i == 777 else 0.0, i, b"") for i in range(2000)]
    stores.items.commit(ME, [batch(stores, run_id, items)])
    points = stores.items.series(run_id, "m", 100)
    assert len(points) <= 100
    assert (777, 1000.0, AT) in points
    assert points[0][0] == 0
    assert points[-1][0] == 1999


def test_the_cursor_of_an_unknown_run_is_refused(stores) -> None:
    with pytest.raises(RunNotFound):
        stores.items.cursor(uuid4())
