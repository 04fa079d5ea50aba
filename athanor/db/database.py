"""The way to PostgreSQL: one pool, one place where ``psycopg.Error`` becomes an error of Athanor.

Under gevent psycopg waits cooperatively only if it was imported after the patching, so that is
asserted. ``mark_away`` and ``mark_back`` are the database actor's: while the database is away every
call is refused at once, and those that hang in a server which no longer answers are cut loose.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import psycopg.waiting
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from athanor.db.migrations import migrate
from athanor.domain.errors import DatabaseAway

__all__ = ["Database", "RowRefused"]

_CONNECT_TIMEOUT_S = 5
_DATA_CLASSES = frozenset({"22", "23", "54"})
"""SQLSTATE classes that are about the data; every other class is about the server."""


class RowRefused(Exception):
    """The server refused the data themselves; ``sqlstate`` says why. Never a reason to try again."""

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(str(error).strip())
        self.sqlstate = error.sqlstate
        self.constraint = error.diag.constraint_name


class Database:
    """A pool of connections that can be lost, found again and pointed at another server.

    Used from any greenlet or thread. ``wait_s`` bounds how long a caller waits for a connection.
    """

    def __init__(self, *, max_connections: int = 12, wait_s: float = 0.8) -> None:
        self._max_connections = max_connections
        self._wait_s = wait_s
        self._pool: ConnectionPool[Connection[TupleRow]] | None = None
        self._away: str | None = "the database has not been opened yet"
        self._conninfo: str | None = None
        self._probing: Connection[TupleRow] | None = None
        self._in_use: set[Connection[TupleRow]] = set()
        self._lock = threading.Lock()

    @property
    def is_away(self) -> bool:
        """True while calls are refused."""
        return self._away is not None

    def open(self, conninfo: str) -> None:
        """Bring the schema up to date and open the pool, closing an earlier one.

        Raises ``DatabaseAway`` when nothing answers, ``UnknownMigration`` when the database is
        newer than this code.
        """
        self.close()
        self._assert_cooperative()
        try:
            with psycopg.connect(conninfo, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
                migrate(connection)
        except psycopg.Error as error:
            self._away = _sentence(error)
            raise DatabaseAway(f"the database cannot be reached: {self._away}") from error
        pool = ConnectionPool(
            conninfo,
            min_size=1,
            max_size=self._max_connections,
            open=False,
            timeout=self._wait_s,
            # A check costs a round trip of 0.1 ms and spares every caller a broken connection.
            check=ConnectionPool.check_connection,
            kwargs={"connect_timeout": _CONNECT_TIMEOUT_S, "application_name": "athanor"},
            reconnect_timeout=5.0,
            name="athanor",
        )
        pool.open()
        self._conninfo = conninfo
        self._pool = pool
        self._away = None

    def close(self) -> None:
        """Close the pool; calls are refused from then on. Idempotent."""
        pool, self._pool = self._pool, None
        self._away = "the database is closed"
        self._close_probing()
        if pool is not None:
            self._cut_loose()
            pool.close(timeout=1.0)

    def probe(self) -> None:
        """Ask the server for an answer on a connection of the probe's own. Raises ``DatabaseAway``."""
        if self._conninfo is None:
            raise DatabaseAway("the database has not been opened yet")
        try:
            probing = self._probing
            if probing is None or probing.closed:
                self._probing = probing = psycopg.connect(
                    self._conninfo, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S
                )
            probing.execute("SELECT 1")
        except psycopg.Error as error:
            self._close_probing()
            raise DatabaseAway(f"the database does not answer: {_sentence(error)}") from error

    def mark_away(self, why: str) -> None:
        """Refuse calls from now on, and end those that wait for an answer which may never come."""
        if self._away is None:
            self._away = why
        self._cut_loose()
        self._close_probing()

    def mark_back(self) -> None:
        """Take calls again."""
        if self._pool is not None:
            self._away = None
            self._pool.check()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection[TupleRow]]:
        """Lend a connection inside one transaction.

        Raises ``DatabaseAway`` for what is about the server and ``RowRefused`` for what is about
        the data.
        """
        pool = self._pool
        if self._away is not None or pool is None:
            raise DatabaseAway(f"the database is away: {self._away}")
        try:
            with pool.connection(timeout=self._wait_s) as connection:
                with self._lock:
                    self._in_use.add(connection)
                try:
                    yield connection
                finally:
                    with self._lock:
                        self._in_use.discard(connection)
        except (PoolTimeout, PoolClosed) as error:
            raise DatabaseAway(f"the database is away: {_sentence(error)}") from error
        except psycopg.Error as error:
            if is_about_data(error):
                raise RowRefused(error) from error
            raise DatabaseAway(f"the database is away: {_sentence(error)}") from error

    def _close_probing(self) -> None:
        probing, self._probing = self._probing, None
        if probing is not None:
            _shut(probing)
            probing.close()

    def _cut_loose(self) -> None:
        """Shut the sockets of connections in use, which wakes whoever waits on them with an error."""
        with self._lock:
            connections = tuple(self._in_use)
        for connection in connections:
            _shut(connection)

    @staticmethod
    def _assert_cooperative() -> None:
        try:
            from gevent import monkey
        except ImportError:
            return
        if monkey.is_module_patched("socket"):
            wait: Any = psycopg.waiting.wait
            if wait.__module__ != "psycopg.waiting":
                raise RuntimeError(
                    "psycopg was imported before gevent patched: its waits would block the hub"
                )


def is_about_data(error: psycopg.Error) -> bool:
    """Tell whether the server answered and refused the data, as against being away or broken."""
    return (error.sqlstate or "")[:2] in _DATA_CLASSES


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:300] or type(error).__name__


def _shut(connection: Connection[TupleRow]) -> None:
    """Shut a connection's socket beneath libpq, on a duplicate because the descriptor is libpq's."""
    with (
        contextlib.suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.pgconn.socket)) as duplicate,
    ):
        duplicate.shutdown(socket.SHUT_RDWR)
