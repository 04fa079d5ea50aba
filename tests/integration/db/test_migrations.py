"""The migrations come to what ``schema.sql`` says, are applied once, and refuse a newer database."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from athanor.db.database import Database
from athanor.db.migrations import UnknownMigration, all_migrations, migrate

SCHEMA = Path(__file__).parents[3] / "schema.sql"

CATALOGUE = """
SELECT 'column', table_name || '.' || column_name || ' ' || ordinal_position,
       concat_ws(' ', data_type, udt_name, is_nullable, column_default)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'options', relname, array_to_string(reloptions, ',')
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL
ORDER BY 1, 2, 3
"""


def catalogue(url: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(CATALOGUE).fetchall()


def test_the_migrations_come_to_the_schema(empty_database_url, postgres) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(SCHEMA.read_text())  # type: ignore[arg-type]
    written = catalogue(empty_database_url)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        migrate(connection)
    assert catalogue(empty_database_url) == written
    assert len(written) > 50


def test_each_migration_is_applied_once(empty_database_url) -> None:
    with psycopg.connect(empty_database_url) as connection:
        assert migrate(connection) == all_migrations()
        assert migrate(connection) == ()


def test_two_services_that_start_at_once_migrate_once(empty_database_url) -> None:
    applied, errors = [], []

    def start() -> None:
        database = Database()
        try:
            database.open(empty_database_url)
            applied.append(1)
        except Exception as error:
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(applied) == 4
    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute("SELECT version FROM schema_migrations").fetchall()
    assert [row[0] for row in rows] == [migration.version for migration in all_migrations()]


def test_a_database_of_a_newer_athanor_is_refused(empty_database_url) -> None:
    with psycopg.connect(empty_database_url) as connection:
        migrate(connection)
        connection.execute("INSERT INTO schema_migrations VALUES (9999, 'from_the_future')")
        connection.commit()
        with pytest.raises(UnknownMigration, match="from_the_future"):
            migrate(connection)


def test_versions_are_numbered_without_holes() -> None:
    versions = [migration.version for migration in all_migrations()]
    assert versions == list(range(1, len(versions) + 1))
