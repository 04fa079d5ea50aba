"""Instances in PostgreSQL."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from athanor.db import cursors, queries
from athanor.db.database import Database
from athanor.db.rows import instance_from, to_column
from athanor.domain.errors import InstanceIsActive, InstanceNotFound, RevisionMismatch
from athanor.domain.instance import Instance
from athanor.domain.ports import Page
from athanor.domain.run import RunStatus

__all__ = ["PostgresInstanceStore"]

_Q = queries.load("instances")
_RUNS = queries.load("runs")


class PostgresInstanceStore:
    """Implements ``athanor.domain.ports.InstanceStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, experiment: str, name: str, description: str, configuration: dict[str, Any]
    ) -> Instance:
        """See the port."""
        identifier = uuid4()
        with self._database.transaction() as connection:
            connection.execute(
                _Q["create"],
                {
                    "id": identifier,
                    "experiment": experiment,
                    "name": name,
                    "description": description,
                    "configuration": to_column(configuration),
                },
            )
            return _read(connection, identifier)

    def get(self, instance_id: UUID) -> Instance:
        """See the port."""
        with self._database.transaction() as connection:
            return _read(connection, instance_id)

    def list(self, limit: int, cursor: str | None) -> Page[Instance]:
        """See the port."""
        before_at, before_id = cursors.decode(cursor)
        with (
            self._database.transaction() as connection,
            connection.cursor(row_factory=dict_row) as rows,
        ):
            found = rows.execute(
                _Q["list"],
                {"before_at": before_at, "before_id": before_id, "limit": limit + 1},
            ).fetchall()
        more = len(found) > limit
        found = found[:limit]
        return Page(
            items=tuple(instance_from(row) for row in found),
            next_cursor=cursors.encode(found[-1]["activity_at"], found[-1]["id"]) if more else None,
        )

    def update(
        self, instance_id: UUID, changes: dict[str, Any], expected_revision: int | None
    ) -> Instance:
        """See the port."""
        with self._database.transaction() as connection:
            present = connection.execute(_Q["lock"], {"id": instance_id}).fetchone()
            if present is None:
                raise _not_found(instance_id)
            edited, revision = present
            if expected_revision is not None and not edited <= expected_revision <= revision:
                raise RevisionMismatch(
                    f"the instance was changed meanwhile: it is at revision {revision}, "
                    f"the change was made to {expected_revision}; read it again",
                    revision=revision,
                )
            configuration = changes.get("configuration")
            connection.execute(
                _Q["update"],
                {
                    "id": instance_id,
                    "name": changes.get("name"),
                    "description": changes.get("description"),
                    "configuration": None if configuration is None else to_column(configuration),
                },
            )
            return _read(connection, instance_id)

    def delete(self, instance_id: UUID) -> tuple[UUID, ...]:
        """See the port."""
        with self._database.transaction() as connection:
            if connection.execute(_Q["lock"], {"id": instance_id}).fetchone() is None:
                raise _not_found(instance_id)
            runs = connection.execute(_Q["runs_of"], {"id": instance_id}).fetchall()
            active = [str(run_id) for run_id, status in runs if not RunStatus(status).is_final]
            if active:
                raise InstanceIsActive(
                    f"{len(active)} of the instance's runs have not ended; cancel them first",
                    runs=active,
                )
            identifiers = [run_id for run_id, _ in runs]
            for query in ("delete_logs", "delete_results", "delete_metrics"):
                connection.execute(_RUNS[query], {"ids": identifiers})
            connection.execute(_Q["delete"], {"id": instance_id})
        return tuple(identifiers)


def _read(connection: Connection[TupleRow], instance_id: UUID) -> Instance:
    with connection.cursor(row_factory=dict_row) as rows:
        row = rows.execute(_Q["get"], {"id": instance_id}).fetchone()
    if row is None:
        raise _not_found(instance_id)
    return instance_from(row)


def _not_found(instance_id: UUID) -> InstanceNotFound:
    return InstanceNotFound(f"there is no instance {instance_id}", id=str(instance_id))
