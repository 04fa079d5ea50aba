"""Options of sockets that both the server and the live connections need."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from athanor.web.settings import LiveSettings

__all__ = ["prepare_live_socket", "send_at_once"]


def send_at_once(sock: Any) -> None:
    """Switch Nagle's delay off: answers are written whole, and small frames should not wait."""
    with contextlib.suppress(OSError):  # a socket of another family has no such thing
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def prepare_live_socket(sock: Any, settings: LiveSettings) -> tuple[Any, Any]:
    """Give the reading and the writing side of a live socket, two duplicates with timeouts of their own.

    What the kernel holds for a slow reader is bounded, so that slowness is noticed here.
    """
    send_at_once(sock)
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
    return sock, sock.dup()
