"""Who the server runs as: PostgreSQL refuses root, so as root it runs as a system user."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from athanor.db.embedded.errors import EmbeddedDatabaseError
from athanor.native import process

__all__ = ["Account", "server_account"]

USER: Final = "athanor"
HOME: Final = Path("/var/lib/athanor")
_USERADD: Final = "/usr/sbin/useradd"


@dataclass(frozen=True, slots=True)
class Account:
    """The user and group of the server; ``is_other`` when that is not the service's own."""

    uid: int
    gid: int
    is_other: bool

    def can_reach(self, path: Path) -> bool:
        """Tell whether this account may go through every directory above ``path``."""
        if not self.is_other:
            return True
        for directory in (path, *path.parents):
            try:
                status = directory.stat()
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(status.st_mode) and not self._may_enter(status):
                return False
        return True

    def _may_enter(self, status: os.stat_result) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)

    def own(self, path: Path) -> None:
        """Give ``path`` to this account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)


def server_account() -> Account:
    """Give the account; as root, that of the system user ``athanor``, made when it is missing.

    Raises ``EmbeddedDatabaseError`` when it cannot be made.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), is_other=False)
    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        entry = _create()
    if entry.pw_uid == 0:
        raise EmbeddedDatabaseError(f"the user {USER!r} is root, as whom PostgreSQL does not run")
    return Account(entry.pw_uid, entry.pw_gid, is_other=True)


def _create() -> pwd.struct_passwd:
    said = b""
    if os.access(_USERADD, os.X_OK):
        argv = [_USERADD, "--system", "--user-group", "--no-create-home"]
        argv += ["--home-dir", str(HOME), "--shell", "/usr/sbin/nologin", USER]
        said = process.run(argv, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, timeout_s=30).output
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        raise EmbeddedDatabaseError(
            f"as root the embedded PostgreSQL runs as the system user {USER!r}, which does not "
            f"exist and could not be made ({said.decode(errors='replace').strip() or _USERADD}); "
            "make it, run Athanor as another user, or give --database-url"
        ) from None
