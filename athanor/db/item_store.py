"""The items of runs in PostgreSQL: the batches go in here, and the windows come out.

A batch moves its run's cursor from the byte where it begins to the byte where it ends, in the same
transaction as its rows. A cursor that is elsewhere does not move, and then nothing of the batch is
written: that makes it exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec
import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from athanor.db import queries
from athanor.db.copy_rows import LOGS, METRICS, RESULTS, CopyRow, make_rows, stand_in
from athanor.db.database import Database, RowRefused, is_about_data
from athanor.db.rows import counts_from
from athanor.domain.errors import ItemNotFound, RunNotFound
from athanor.domain.execution import JournalItem
from athanor.domain.items import LEVELS, MAX_LIVE_VALUE_BYTES, MAX_PREVIEW_CHARS, ItemKind
from athanor.domain.ports import Cursor, ItemBatch, StoredItem

__all__ = ["PostgresItemStore"]

_Q = queries.load("items")
_COPY: Final[dict[int, LiteralString]] = {
    LOGS: _Q["copy_logs"],
    RESULTS: _Q["copy_results"],
    METRICS: _Q["copy_metrics"],
}
_LEVEL_NAMES: Final = {rank: name for name, rank in LEVELS.items()}
_LAST_SEQ: Final = 2**63 - 1
_POINTS_PER_BUCKET: Final = 4
_encode = msgspec.json.Encoder().encode


class PostgresItemStore:
    """Implements ``athanor.domain.ports.ItemStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(
        self, run_id: UUID, attempt: int, first_seq: int, items: Sequence[JournalItem]
    ) -> list[CopyRow]:
        """See the port."""
        return make_rows(run_id, attempt, first_seq, items)

    # --- in ---------------------------------------------------------------------------------

    def commit(self, owner: UUID, batches: Sequence[ItemBatch]) -> list[bool]:
        """See the port."""
        try:
            return self._commit(owner, batches)
        except RowRefused:
            # One of them holds what the server does not take: each commits alone, and the bad
            # one row by row where it must.
            return [self._commit_carefully(owner, batch) for batch in batches]

    def _commit(self, owner: UUID, batches: Sequence[ItemBatch]) -> list[bool]:
        with self._database.transaction() as connection:
            moved = _move_cursors(connection, owner, batches)
            accepted = [batch for batch in batches if batch.run_id in moved]
            tables: dict[int, list[bytes]] = {LOGS: [], RESULTS: [], METRICS: []}
            for batch in accepted:
                for row in batch.rows:
                    tables[row.table].append(row.line)
            for table, lines in tables.items():
                if lines:
                    _copy(connection, table, lines)
        return [batch.run_id in moved for batch in batches]

    def _commit_carefully(self, owner: UUID, batch: ItemBatch) -> bool:
        with self._database.transaction() as connection:
            if not _move_cursors(connection, owner, [batch]):
                return False
            for table in _COPY:
                rows = [row for row in batch.rows if row.table == table]
                if rows:
                    _copy_halving(connection, table, rows)
        return True

    def cursor(self, run_id: UUID) -> Cursor:
        """See the port."""
        with (
            self._database.transaction() as connection,
            connection.cursor(row_factory=dict_row) as rows,
        ):
            row = rows.execute(_Q["cursor"], {"run_id": run_id}).fetchone()
        if row is None:
            raise RunNotFound(f"there is no run {run_id}", id=str(run_id))
        return Cursor(
            attempt=row["attempt"],
            byte_offset=row["byte_offset"],
            seq=row["seq"],
            counts=counts_from(row),
            metric_names=tuple(row["metric_names"]),
        )

    # --- out --------------------------------------------------------------------------------

    def after(self, run_id: UUID, seq: int, limit: int) -> list[StoredItem]:
        """See the port."""
        # seq has no holes, so the window is known before it is read.
        window = {"run_id": run_id, "after": seq, "before": seq + limit + 1, "limit": limit}
        with self._database.transaction() as connection:
            found = [
                *_logs(connection, "logs_forward", {**window, "level": None, "pattern": None}),
                *_results(connection, {**window, "key": None}),
                *_metrics(connection, window),
            ]
        found.sort(key=lambda item: item.seq)
        return found

    def logs(
        self,
        run_id: UUID,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = 50,
        minimum_level: str | None = None,
        text: str | None = None,
        tail: bool = False,
    ) -> list[StoredItem]:
        """See the port."""
        values = {
            **_window(run_id, after, before, limit),
            "level": None if minimum_level is None else LEVELS[minimum_level],
            "pattern": None if text is None else _like(text),
        }
        with self._database.transaction() as connection:
            found = _logs(connection, "logs_backward" if tail else "logs_forward", values)
        return found[::-1] if tail else found

    def results(
        self,
        run_id: UUID,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = 50,
        key: str | None = None,
    ) -> list[StoredItem]:
        """See the port."""
        with self._database.transaction() as connection:
            return _results(connection, {**_window(run_id, after, before, limit), "key": key})

    def result(self, run_id: UUID, seq: int) -> StoredItem:
        """See the port."""
        with self._database.transaction() as connection:
            row = connection.execute(_Q["result"], {"run_id": run_id, "seq": seq}).fetchone()
        if row is None:
            raise ItemNotFound(f"the run has no result with seq {seq}", seq=seq)
        return _result_item(row[0], row[1], row[2], row[3], b'"value":' + row[4].encode())

    def metrics(
        self, run_id: UUID, *, after: int | None = None, before: int | None = None, limit: int = 50
    ) -> list[StoredItem]:
        """See the port."""
        with self._database.transaction() as connection:
            return _metrics(connection, _window(run_id, after, before, limit))

    def series(
        self, run_id: UUID, name: str, max_points: int
    ) -> list[tuple[int | None, float, str]]:
        """See the port."""
        values = {
            "run_id": run_id,
            "name": name,
            "buckets": max(1, max_points // _POINTS_PER_BUCKET),
        }
        with self._database.transaction() as connection:
            counted = connection.execute(_Q["series_size"], values).fetchone()
            size = counted[0] if counted else 0
            query = "series_whole" if size <= max_points else "series_downsampled"
            return [
                (step, value, at)
                for step, value, at in connection.execute(_Q[query], values).fetchall()
            ]


def _move_cursors(
    connection: Connection[TupleRow], owner: UUID, batches: Sequence[ItemBatch]
) -> set[UUID]:
    """Move the cursors that stand where their batch begins; gives the runs whose cursor moved."""
    values: dict[str, Any] = {
        "owner": owner,
        "run_ids": [batch.run_id for batch in batches],
        "attempts": [batch.attempt for batch in batches],
        "from_offsets": [batch.from_offset for batch in batches],
        "to_offsets": [batch.to_offset for batch in batches],
        "last_seqs": [batch.last_seq for batch in batches],
        "logs": [batch.counts.logs for batch in batches],
        "results": [batch.counts.results for batch in batches],
        "metrics": [batch.counts.metrics for batch in batches],
    }
    for level in LEVELS:
        values[f"logs_{level}"] = [batch.counts.levels[level] for batch in batches]
    moved = {row[0] for row in connection.execute(_Q["move_cursors"], values).fetchall()}
    for batch in batches:
        if batch.metric_names is not None and batch.run_id in moved:
            connection.execute(
                _Q["set_metric_names"],
                {"run_id": batch.run_id, "names": list(batch.metric_names)},
            )
    return moved


def _copy(connection: Connection[TupleRow], table: int, lines: list[bytes]) -> None:
    with connection.cursor() as cursor, cursor.copy(_COPY[table]) as copy:
        copy.write(b"".join(lines))


def _copy_halving(connection: Connection[TupleRow], table: int, rows: list[CopyRow]) -> None:
    """Copy rows; what is refused is halved down to the row, and that is replaced by a stand-in."""
    try:
        with connection.transaction():
            _copy(connection, table, [row.line for row in rows])
    except psycopg.Error as error:
        if not is_about_data(error):
            raise
        if len(rows) == 1:
            _copy(connection, table, [stand_in(rows[0], error.diag.message_primary or "").line])
            return
        middle = len(rows) // 2
        _copy_halving(connection, table, rows[:middle])
        _copy_halving(connection, table, rows[middle:])


def _window(run_id: UUID, after: int | None, before: int | None, limit: int) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "after": -1 if after is None else after,
        "before": _LAST_SEQ if before is None else before,
        "limit": limit,
    }


def _like(text: str) -> str:
    for character in ("\\", "%", "_"):
        text = text.replace(character, "\\" + character)
    return f"%{text}%"


def _logs(connection: Connection[TupleRow], query: str, values: dict[str, Any]) -> list[StoredItem]:
    return [
        StoredItem(
            ItemKind.LOG,
            seq,
            b'{"seq":%d,"at":"%b","attempt":%d,"level":"%b","message":%b,"metadata":%b}'
            % (
                seq,
                at.encode(),
                attempt,
                _LEVEL_NAMES[level].encode(),
                _encode(message),
                metadata.encode(),
            ),
        )
        for seq, at, attempt, level, message, metadata in connection.execute(_Q[query], values)
    ]


def _results(connection: Connection[TupleRow], values: dict[str, Any]) -> list[StoredItem]:
    values = {**values, "whole": MAX_LIVE_VALUE_BYTES, "preview": MAX_PREVIEW_CHARS}
    found = []
    for seq, at, attempt, key, size, text in connection.execute(_Q["results"], values):
        if size > MAX_LIVE_VALUE_BYTES:
            shown = b'"preview":%b,"size":%d' % (_encode(text), size)
        else:
            shown = b'"value":' + text.encode()
        found.append(_result_item(seq, at, attempt, key, shown))
    return found


def _result_item(seq: int, at: str, attempt: int, key: str, shown: bytes) -> StoredItem:
    return StoredItem(
        ItemKind.RESULT,
        seq,
        b'{"seq":%d,"at":"%b","attempt":%d,"key":%b,%b}'
        % (seq, at.encode(), attempt, _encode(key), shown),
    )


def _metrics(connection: Connection[TupleRow], values: dict[str, Any]) -> list[StoredItem]:
    return [
        StoredItem(
            ItemKind.METRIC,
            seq,
            b'{"seq":%d,"at":"%b","attempt":%d,"name":%b,"step":%b,"value":%b}'
            % (
                seq,
                at.encode(),
                attempt,
                _encode(name),
                _encode(step),
                metric_value(value),
            ),
        )
        for seq, at, attempt, name, step, value in connection.execute(_Q["metrics"], values)
    ]


def metric_value(value: float) -> bytes:
    """Encode a metric's value; what JSON has no number for is a string."""
    if value != value:  # NaN is what differs from itself
        return b'"NaN"'
    if value in (float("inf"), float("-inf")):
        return b'"Infinity"' if value > 0 else b'"-Infinity"'
    return _encode(value)
