"""The open websockets of this process: how many there are, and closing all of them at a stop."""

from __future__ import annotations

import time

from athanor.web.connection import WebSocketConnection

__all__ = ["LiveConnections"]


class LiveConnections:
    """A set of connections with a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: set[WebSocketConnection] = set()
        self._stopping = False

    def __len__(self) -> int:
        return len(self._open)

    @property
    def is_full(self) -> bool:
        """True when no further connection is taken."""
        return len(self._open) >= self._limit

    @property
    def stopping(self) -> bool:
        """True once ``close_all`` was called, until ``reopen``."""
        return self._stopping

    def add(self, connection: WebSocketConnection) -> bool:
        """Enter a connection; False when there is no place for it."""
        if self.is_full or self._stopping:
            return False
        self._open.add(connection)
        return True

    def discard(self, connection: WebSocketConnection) -> None:
        """Take a connection out."""
        self._open.discard(connection)

    def reopen(self) -> None:
        """Take connections (again)."""
        self._stopping = False

    def close_all(self, code: int, reason: str, timeout_s: float) -> None:
        """Close every connection and take no more; those that have not ended in time are cut off."""
        self._stopping = True
        deadline = time.monotonic() + timeout_s
        connections = tuple(self._open)
        for connection in connections:
            connection.close(code, reason)
        for connection in connections:
            if not connection.wait_closed(max(0.0, deadline - time.monotonic())):
                connection.abort()
