"""The WebKeeper: the actor ``web``, which has the WSGI server listening.

Started by root, last of all, so that whoever is answered finds everything ready. A crash closes
the listening socket and the next incarnation opens it again at the same port; pages connect again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from athanor.actors.process import Process

__all__ = ["WEB", "ListeningServer", "WebKeeper"]

WEB: Final = "web"


class ListeningServer(Protocol):
    """A server that listens once it is started."""

    def start(self) -> None:
        """Listen and return. Raises ``SettingsError`` when the port is in use."""
        ...

    def stop(self) -> None:
        """Close the listening socket and the connections."""
        ...


class WebKeeper(Process):
    """Starts what ``make_server`` gives, and stops it."""

    registered_name = WEB

    def __init__(self, make_server: Callable[[], ListeningServer]) -> None:
        super().__init__()
        self._make_server = make_server
        self._server: ListeningServer | None = None

    def on_start(self) -> None:
        """Listen."""
        self._server = self._make_server()
        self._server.start()

    def on_stop(self) -> None:
        """Close everything."""
        self._close()

    def on_failure(self, *_: Any) -> None:
        """Close everything, so that a successor can listen."""
        self._close()

    def on_receive(self, message: Any) -> Any:
        """Take no message: the server has greenlets of its own."""

    def _close(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None
