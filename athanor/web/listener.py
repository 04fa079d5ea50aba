"""The listening socket: opened once, and kept by whoever wants a restarted server to have the same port."""

from __future__ import annotations

import errno
import os
from typing import Final

from gevent import socket

from athanor.domain.errors import SettingsError

__all__ = ["open_listener"]

_BACKLOG: Final = 1024


def open_listener(host: str, port: int) -> socket.socket:
    """Listen on a TCP address; port 0 takes a free one.

    Raises ``SettingsError`` naming ``--port`` or ``--host`` when that cannot be.
    """
    if not 0 <= port <= 65535:
        raise SettingsError(f"--port: {port} is none; ports are 0 to 65535", key="port")
    try:
        found = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"--host: {host!r} is no address here: {error}", key="host") from None
    # IPv4 first: it is what "localhost" means to most programs.
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        # So that a service started again need not wait for the connections of the one before.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _refusal(error, host, port) from None
    return listener


def _refusal(error: OSError, host: str, port: int) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return SettingsError(
            f"--port: {port} is in use on {host}; stop what listens there, or choose another "
            "with --port (0 takes a free one)",
            key="port",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return SettingsError(
            f"--port: {port} may not be opened by this user; choose one above 1023", key="port"
        )
    reason = os.strerror(error.errno) if error.errno else str(error)
    return SettingsError(f"--host: {host} cannot be listened on: {reason}", key="host")
