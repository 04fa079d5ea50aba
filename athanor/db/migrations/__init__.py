"""Numbered migrations: ``NNNN_what_it_does.sql``, each applied once, in order, never changed.

Applied under an advisory lock in one transaction, so that two services that start at once do it
once, and a migration that fails leaves the database as it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from athanor.domain.errors import AthanorError

__all__ = ["Migration", "UnknownMigration", "all_migrations", "migrate"]

_FILE = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")
_LOCK_KEY = 0x41544841  # any number that nobody else in this database uses


class UnknownMigration(AthanorError):
    """The database was migrated by a newer Athanor than this one."""

    code = "newer_database"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sql: LiteralString


def all_migrations() -> tuple[Migration, ...]:
    """Give the migrations of this version, in order."""
    found = []
    for file in files(__name__).iterdir():
        match = _FILE.match(file.name)
        if match:
            sql = file.read_text(encoding="utf-8")
            found.append(Migration(int(match[1]), match[2], sql))
    return tuple(sorted(found, key=lambda migration: migration.version))


def migrate(connection: Connection[TupleRow]) -> tuple[Migration, ...]:
    """Bring the schema up to date in one transaction and give what was applied.

    Raises ``UnknownMigration`` when the database is newer than this code.
    """
    known = all_migrations()
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations ("
            " version integer PRIMARY KEY,"
            " name text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
        rows = connection.execute("SELECT version, name FROM schema_migrations").fetchall()
        applied: dict[int, str] = dict(rows)
        unknown = sorted(set(applied) - {migration.version for migration in known})
        if unknown:
            raise UnknownMigration(
                f"the database has migration {unknown[-1]} ({applied[unknown[-1]]}), which this "
                "version of Athanor does not know; start the newer version that made it"
            )
        missing = tuple(migration for migration in known if migration.version not in applied)
        for migration in missing:
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO schema_migrations (version, name) VALUES (%s, %s)",
                (migration.version, migration.name),
            )
    return missing
