"""The four stores on one database."""

from __future__ import annotations

from athanor.db.database import Database
from athanor.db.instance_store import PostgresInstanceStore
from athanor.db.item_store import PostgresItemStore
from athanor.db.run_store import PostgresRunStore
from athanor.db.service_store import PostgresServiceStore
from athanor.domain.ports import Stores

__all__ = ["postgres_stores"]


def postgres_stores(database: Database, *, lease_s: float = 30.0) -> Stores:
    """Make the stores; ``lease_s`` is after how many seconds without heartbeat a lease is over."""
    return Stores(
        instances=PostgresInstanceStore(database),
        runs=PostgresRunStore(database, lease_s=lease_s),
        items=PostgresItemStore(database),
        services=PostgresServiceStore(database, lease_s=lease_s),
    )
