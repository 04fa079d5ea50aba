"""The leases of services in PostgreSQL."""

from __future__ import annotations

from uuid import UUID

from athanor.db import queries
from athanor.db.database import Database
from athanor.db.run_store import select_runs
from athanor.domain.run import Run

__all__ = ["PostgresServiceStore"]

_Q = queries.load("services")
_RUNS = queries.load("runs")


class PostgresServiceStore:
    """Implements ``athanor.domain.ports.ServiceStore``; the clock of leases is the database's."""

    def __init__(self, database: Database, *, lease_s: float = 30.0) -> None:
        self._database = database
        self._lease_s = lease_s

    def register(self, service_id: UUID, host: str, pid: int) -> None:
        """See the port."""
        with self._database.transaction() as connection:
            connection.execute(_Q["register"], {"id": service_id, "host": host, "pid": pid})

    def heartbeat(self, service_id: UUID) -> None:
        """See the port."""
        with self._database.transaction() as connection:
            connection.execute(_Q["heartbeat"], {"id": service_id})

    def release(self, service_id: UUID) -> None:
        """See the port."""
        with self._database.transaction() as connection:
            connection.execute(_Q["release"], {"id": service_id})

    def orphans(self, service_id: UUID, limit: int) -> tuple[Run, ...]:
        """See the port."""
        with self._database.transaction() as connection:
            return tuple(
                select_runs(
                    connection,
                    _RUNS["where_orphaned"],
                    {"owner": service_id, "lease_s": self._lease_s, "limit": limit},
                )
            )
