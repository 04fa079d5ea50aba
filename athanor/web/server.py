"""The HTTP server under gevent: started and stopped by the actor ``web``, and by tests."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import Any, Final

from flask import Flask
from gevent import socket
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

from athanor.web.app_state import state_of
from athanor.web.http_handler import HttpHandler
from athanor.web.listener import open_listener
from athanor.web.settings import ServerSettings
from athanor.web.sockets import send_at_once

__all__ = ["WebServer", "open_listener"]

_log = logging.getLogger("athanor.web.server")

_RESTARTING: Final = 1012
_LAST_S: Final = 1.0


class GracefulServer(WSGIServer):
    """gevent's server, which knows its idle connections and closes those first."""

    def __init__(
        self, listener: socket.socket, app: Flask, host: str, limits: ServerSettings
    ) -> None:
        self.limits = limits
        self.idle: set[Any] = set()
        self.is_stopping = False
        super().__init__(
            listener,
            app,
            spawn=Pool(limits.max_connections),
            log=None,
            error_log=_log,
            handler_class=HttpHandler,
            # Or gevent asks the name service, which may take seconds.
            environ={"SERVER_NAME": host},
        )

    def handle(self, sock: Any, address: Any) -> None:
        """Serve one connection."""
        send_at_once(sock)
        sock.settimeout(self.limits.idle_timeout_s)
        super().handle(sock, address)

    def close_idle(self) -> None:
        """Close the connections that wait for a next request, and every other after its present one."""
        self.is_stopping = True
        for sock in tuple(self.idle):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class WebServer:
    """Serves an application on one address.

    With a ``listener`` (see ``open_listener``) that one is used, and stays open after ``stop``, so
    that the next server has the same port and no client is refused in between; ``host`` and
    ``port`` are then only what it is called. Call everything from the thread of gevent's hub.
    """

    def __init__(
        self,
        app: Flask,
        host: str,
        port: int,
        *,
        listener: socket.socket | None = None,
        settings: ServerSettings | None = None,
    ) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._given = listener
        self._settings = settings or ServerSettings()
        self._server: GracefulServer | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; the one asked for before ``start``."""
        return self._port

    @property
    def url(self) -> str:
        """The address to open."""
        name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._host, self._host)  # noqa: S104 # compared, not bound
        name = f"[{name}]" if ":" in name and not name.startswith("[") else name
        return f"http://{name}:{self._port}"

    def start(self) -> None:
        """Listen, and serve in greenlets. Raises ``SettingsError`` when the port is not to be had."""
        # gevent closes what it listens on, so a given socket lends it a duplicate.
        listener = (
            self._given.dup() if self._given is not None else open_listener(self._host, self._port)
        )
        listener.setblocking(False)
        self._port = listener.getsockname()[1]
        self._server = GracefulServer(listener, self._app, self._host, self._settings)
        state_of(self._app).connections.reopen()
        self._server.start()
        _log.info("listening on %s", self.url)

    def stop(self, timeout_s: float = 5.0) -> None:
        """Take no more, close websockets with 1012, let requests end, and cut off what is left in time."""
        server, self._server = self._server, None
        if server is None:
            return
        deadline = time.monotonic() + timeout_s
        server.close()
        server.close_idle()
        connections = state_of(self._app).connections
        # A second is kept for those that are cut off to leave.
        connections.close_all(
            _RESTARTING, "the service is restarting", max(0.0, timeout_s - _LAST_S)
        )
        server.stop(timeout=max(0.1, deadline - time.monotonic()))
        _log.info("stopped listening on %s", self.url)
