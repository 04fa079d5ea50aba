"""The embedded server's life: made, started, watched, stopped, and never left behind.

``postgres`` is a direct child of the service and gets SIGINT from the kernel when the service
ends, however that happens: it then shuts down cleanly by itself. Everything here waits without
blocking gevent's hub.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
import time
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from athanor.db.embedded.account import Account, server_account
from athanor.db.embedded.errors import EmbeddedDatabaseError
from athanor.db.embedded.places import Places, find_places, prepare_data_directory
from athanor.native import launch, process

if TYPE_CHECKING:
    from athanor.native.process import ChildProcess

__all__ = ["EmbeddedServer"]

DATABASE: Final = "athanor"
SUPERUSER: Final = "athanor"
INITDB_TIMEOUT_S: Final = 120.0
START_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 25.0
MAX_LOG_BYTES: Final = 10 * 1024 * 1024
_POLL_S: Final = 0.02

_SETTINGS: Final = {
    "listen_addresses": "",
    "max_connections": "50",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "unix_socket_permissions": "0700",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "jit": "off",
}


class EmbeddedServer:
    """One cluster below one data directory, and at most one server on it.

    Implements ``athanor.domain.ports.DatabaseServer``. Whoever uses it holds the lock of the data
    directory. ``start`` must be called in the service's main thread, for the kernel's sake.
    """

    def __init__(self, data_directory: Path) -> None:
        self._data_directory = data_directory
        self._places: Places | None = None
        self._child: ChildProcess | None = None
        self._lock = threading.RLock()

    @property
    def conninfo(self) -> str:
        """How to connect, as a libpq URL."""
        return _url(self._found_places()[0])

    @property
    def pid(self) -> int | None:
        """The server's process, None while there is none."""
        return self._child.pid if self._child is not None and self.is_alive() else None

    def is_alive(self) -> bool:
        """Tell whether the server's process lives."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> str:
        """Start the server, unless it runs, on a cluster that is made when there is none.

        Gives how to connect. Raises ``EmbeddedDatabaseError`` with the server's last words, or
        ``DataDirectoryError``.
        """
        with self._lock:
            places, account = self._found_places()
            if self.is_alive():
                return _url(places)
            self._clear_the_way(places)
            if not (places.cluster / "PG_VERSION").exists():
                self._initialise(places, account)
            self._check_version(places)
            self._launch(places, account)
            self._wait_until_ready(places)
            return _url(places)

    def stop(self) -> None:
        """Stop the server: in order, and if it does not end in time, at once. Idempotent."""
        with self._lock:
            child = self._child
            if child is None:
                return
            for number, patience_s in ((signal.SIGINT, STOP_TIMEOUT_S), (signal.SIGQUIT, 5.0)):
                child.send_signal(number)
                if child.wait(patience_s) is not None:
                    break
            else:
                child.signal_group(signal.SIGKILL)
                child.wait()
            self._child = None

    # --- steps ------------------------------------------------------------------------------

    def _found_places(self) -> tuple[Places, Account]:
        account = server_account()
        if self._places is None:
            self._data_directory = prepare_data_directory(self._data_directory)
            self._places = find_places(self._data_directory, account)
        return self._places, account

    def _clear_the_way(self, places: Places) -> None:
        """See that nobody works in the cluster: wait for one that ends, end one that does not."""
        for unfinished in places.base.glob("postgres.new-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        pid_file = places.cluster / "postmaster.pid"
        pid = _read_pid(pid_file)
        if pid is None:
            return
        if _works_in(pid, places.cluster):
            for number, patience_s in ((0, 10.0), (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                if _wait_until_gone(pid, patience_s):
                    break
            else:
                raise EmbeddedDatabaseError(
                    f"a PostgreSQL server, process {pid}, works in {places.cluster} and does not "
                    "end; end it, or choose another --data-dir"
                )
        # Nobody has it: the pid in it is that of another process, or of none.
        with contextlib.suppress(FileNotFoundError):
            pid_file.unlink()

    def _initialise(self, places: Places, account: Account) -> None:
        """Make the cluster beside its place, and move it there once it is whole."""
        if places.cluster.exists():
            if any(places.cluster.iterdir()):
                raise EmbeddedDatabaseError(
                    f"{places.cluster} is not empty and no cluster either; move it away, or "
                    "choose another --data-dir"
                )
            places.cluster.rmdir()
        unfinished = places.base / f"postgres.new-{os.getpid()}"
        unfinished.mkdir(mode=0o700)
        account.own(unfinished)
        argv = _as_account(
            account,
            [
                str(places.binaries / "initdb"),
                f"--pgdata={unfinished}",
                f"--username={SUPERUSER}",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--auth-local=trust",
                "--auth-host=reject",
                "--no-instructions",
            ],
            death_signal=signal.SIGKILL,
        )
        done = process.run(argv, env=_environment(places), timeout_s=INITDB_TIMEOUT_S)
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise EmbeddedDatabaseError(
                f"the database could not be made in {places.base}: "
                f"{_last_words(done.output.decode(errors='replace'))}"
            )
        unfinished.rename(places.cluster)

    def _check_version(self, places: Places) -> None:
        done = process.run(
            [str(places.binaries / "postgres"), "--version"],
            env=_environment(places),
            timeout_s=START_TIMEOUT_S,
        )
        ours = done.output.decode(errors="replace").split()[-1].split(".")[0]
        theirs = (places.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if ours != theirs:
            raise EmbeddedDatabaseError(
                f"the database in {places.cluster} was made by PostgreSQL {theirs} and this is "
                f"PostgreSQL {ours}; dump it with the older version and restore it with this one"
            )

    def _launch(self, places: Places, account: Account) -> None:
        settings = {**_SETTINGS, "unix_socket_directories": str(places.sockets)}
        argv = [str(places.binaries / "postgres"), "-D", str(places.cluster)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        with self._open_log() as log:
            self._child = process.spawn(
                _as_account(account, argv, death_signal=signal.SIGINT),
                env=_environment(places),
                stdout=log.fileno(),
                stderr=log.fileno(),
                new_session=True,
            )

    def _open_log(self) -> FileIO:
        path = self._data_directory / "postgres.log"
        if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return FileIO(path, "ab")

    def _wait_until_ready(self, places: Places) -> None:
        child = self._child
        deadline = time.monotonic() + START_TIMEOUT_S
        while child is not None and time.monotonic() < deadline:
            if child.poll() is not None:
                raise EmbeddedDatabaseError(
                    f"the embedded PostgreSQL did not start: {self._log_tail()}"
                )
            try:
                _create_database(places)
            except psycopg.OperationalError:
                time.sleep(_POLL_S)
            else:
                return
        self.stop()
        raise EmbeddedDatabaseError(
            f"the embedded PostgreSQL did not answer within {START_TIMEOUT_S:g} seconds: "
            f"{self._log_tail()}"
        )

    def _log_tail(self) -> str:
        try:
            with open(self._data_directory / "postgres.log", "rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
                return _last_words(log.read().decode(errors="replace"))
        except OSError:
            return "it left no word"


def _as_account(account: Account, argv: list[str], *, death_signal: int) -> list[str]:
    uid, gid = (account.uid, account.gid) if account.is_other else (-1, -1)
    numbers = [str(number) for number in (uid, gid, os.getpid(), int(death_signal))]
    return [sys.executable, "-I", "-S", launch.__file__, *numbers, "--", *argv]


def _environment(places: Places) -> dict[str, str]:
    return {
        "PATH": f"{places.binaries}:/usr/bin:/bin",
        "LD_LIBRARY_PATH": str(places.binaries.parent / "lib"),
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def _url(places: Places, database: str = DATABASE) -> str:
    from urllib.parse import quote

    return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(places.sockets), safe='')}"


def _create_database(places: Places) -> None:
    """Connect, which tells that the server is ready, and make our database when it is missing."""
    with psycopg.connect(
        _url(places, "postgres"), autocommit=True, connect_timeout=5
    ) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _read_pid(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text(encoding="ascii", errors="replace").split("\n", 1)[0])
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def _works_in(pid: int, cluster: Path) -> bool:
    """Tell whether a process is a PostgreSQL server that works in this very cluster."""
    if not process.process_alive(pid):
        return False
    try:
        program = Path(os.readlink(f"/proc/{pid}/exe")).name.split(" ")[0]
        return program == "postgres" and Path(os.readlink(f"/proc/{pid}/cwd")) == cluster.resolve()
    except OSError:
        return False


def _wait_until_gone(pid: int, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while process.process_alive(pid):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-4:]) or "it left no word"
