"""Runs in PostgreSQL; every write carries the owner and asks for the status it may leave."""

from __future__ import annotations

from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from athanor.db import cursors, queries
from athanor.db.database import Database, RowRefused
from athanor.db.rows import cancellation_to_column, progress_to_column, run_from, to_column
from athanor.domain.errors import InstanceNotFound, RunIsActive, RunNotFound
from athanor.domain.ports import Page, RunFilter
from athanor.domain.run import Cancellation, NewRun, Outcome, Progress, Run, RunStatus

__all__ = ["PostgresRunStore", "select_runs"]

_Q = queries.load("runs")
_BY_ID: LiteralString = " WHERE r.id = %(id)s"


class PostgresRunStore:
    """Implements ``athanor.domain.ports.RunStore``; ``lease_s`` is after how long a lease is over."""

    def __init__(self, database: Database, *, lease_s: float = 30.0) -> None:
        self._database = database
        self._lease_s = lease_s

    def create(self, new: NewRun) -> Run:
        """See the port."""
        values = {
            "id": new.id,
            "instance_id": new.instance_id,
            "experiment": new.experiment,
            "configuration": to_column(new.configuration),
            "isolation": new.isolation,
            "seed": new.seed,
            "provenance": to_column(new.provenance),
            "owner": new.owner,
        }
        try:
            with self._database.transaction() as connection:
                connection.execute(_Q["create"], values)
                connection.execute(_Q["create_cursor"], values)
                connection.execute(_Q["touch_instance"], values)
                return _read(connection, new.id)
        except RowRefused as error:
            if error.constraint == "runs_instance_id_fkey":
                raise InstanceNotFound(
                    f"there is no instance {new.instance_id}", id=str(new.instance_id)
                ) from error
            raise

    def get(self, run_id: UUID) -> Run:
        """See the port."""
        with self._database.transaction() as connection:
            return _read(connection, run_id)

    def list(self, which: RunFilter, limit: int, cursor: str | None) -> Page[Run]:
        """See the port."""
        before_at, before_id = cursors.decode(cursor)
        with self._database.transaction() as connection:
            found = select_runs(
                connection,
                _Q["where_listed"],
                {
                    "statuses": [status.value for status in which.statuses] or None,
                    "instance_id": which.instance_id,
                    "experiment": which.experiment,
                    "before_at": before_at,
                    "before_id": before_id,
                    "limit": limit + 1,
                },
            )
        more = len(found) > limit
        found = found[:limit]
        return Page(
            items=tuple(found),
            next_cursor=cursors.encode(found[-1].created_at, found[-1].id) if more else None,
        )

    def unfinished(self, owner: UUID) -> tuple[Run, ...]:
        """See the port."""
        with self._database.transaction() as connection:
            return tuple(select_runs(connection, _Q["where_unfinished"], {"owner": owner}))

    def start(self, run_id: UUID, owner: UUID) -> Run | None:
        """See the port."""
        return self._change("start", run_id, owner, touch=True)

    def finish(
        self,
        run_id: UUID,
        owner: UUID,
        status: RunStatus,
        outcome: Outcome,
        cancel: Cancellation | None,
    ) -> Run | None:
        """See the port."""
        return self._change(
            "finish",
            run_id,
            owner,
            touch=True,
            status=status.value,
            error=None if status is RunStatus.COMPLETED else outcome.error,
            exit=to_column(outcome.to_json()),
            cancel=cancellation_to_column(cancel),
        )

    def save_progress(self, run_id: UUID, owner: UUID, progress: Progress) -> Run | None:
        """See the port."""
        return self._change("save_progress", run_id, owner, progress=progress_to_column(progress))

    def save_cancellation(self, run_id: UUID, owner: UUID, cancel: Cancellation) -> Run | None:
        """See the port."""
        return self._change(
            "save_cancellation", run_id, owner, cancel=cancellation_to_column(cancel)
        )

    def adopt(self, run_id: UUID, owner: UUID, new_owner: UUID) -> Run | None:
        """See the port."""
        values = {"id": run_id, "owner": owner, "new_owner": new_owner, "lease_s": self._lease_s}
        with self._database.transaction() as connection:
            if connection.execute(_Q["adopt"], values).rowcount == 0:
                return None
            connection.execute(_Q["adopt_cursor"], values)
            return _read(connection, run_id)

    def delete(self, run_id: UUID) -> None:
        """See the port."""
        with self._database.transaction() as connection:
            row = connection.execute(_Q["lock"], {"id": run_id}).fetchone()
            if row is None:
                raise _not_found(run_id)
            if not RunStatus(row[0]).is_final:
                raise RunIsActive(
                    f"the run is {row[0]}; cancel it before deleting it", status=row[0]
                )
            connection.execute(_Q["touch_instance"], {"id": run_id})
            for query in ("delete_logs", "delete_results", "delete_metrics", "delete"):
                connection.execute(_Q[query], {"ids": [run_id]})

    def _change(
        self, query: str, run_id: UUID, owner: UUID, *, touch: bool = False, **values: Any
    ) -> Run | None:
        """Run one guarded UPDATE; None when its condition did not hold."""
        with self._database.transaction() as connection:
            changed = connection.execute(_Q[query], {"id": run_id, "owner": owner, **values})
            if changed.rowcount == 0:
                return None
            if touch:
                connection.execute(_Q["touch_instance"], {"id": run_id})
            return _read(connection, run_id)


def select_runs(
    connection: Connection[TupleRow], condition: LiteralString, values: dict[str, Any]
) -> list[Run]:
    """Read the runs that a condition of ``runs.sql`` selects."""
    with connection.cursor(row_factory=dict_row) as rows:
        found = rows.execute(_Q["select"] + "\n" + condition, values).fetchall()
    return [run_from(row) for row in found]


def _read(connection: Connection[TupleRow], run_id: UUID) -> Run:
    found = select_runs(connection, _BY_ID, {"id": run_id})
    if not found:
        raise _not_found(run_id)
    return found[0]


def _not_found(run_id: UUID) -> RunNotFound:
    return RunNotFound(f"there is no run {run_id}", id=str(run_id))
