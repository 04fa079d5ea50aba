"""A real PostgreSQL for the integration tests: one embedded server a session, one database a test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from athanor.db.database import Database
from athanor.db.embedded import EmbeddedServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """An embedded server of the test session's own."""
    with tempfile.TemporaryDirectory(prefix="athanor-test-") as name:
        Path(name).chmod(0o711)
        server = EmbeddedServer(Path(name))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def empty_database_url(postgres: EmbeddedServer) -> Iterator[str]:
    """The address of a database with nothing in it."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")  # type: ignore[arg-type]
        yield postgres.conninfo.replace("@/athanor?", f"@/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    """An open database with the schema in it."""
    database = Database()
    database.open(empty_database_url)
    yield database
    database.close()
