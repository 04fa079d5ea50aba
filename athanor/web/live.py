"""The live websocket, ``/api/v1/live``: frames to and from the subscriber that the service starts.

What a frame means is the subscriber's. Here a socket becomes a connection, and comes to its end.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from flask import Flask
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server

from athanor.domain.errors import AthanorError, ServiceStopping
from athanor.domain.ports import SubscriberHandle
from athanor.web.app_state import AppState, state
from athanor.web.connection import ReaderSocket, ReaderThread, WebSocketConnection
from athanor.web.errors import error_body
from athanor.web.guards import LIVE_PATH
from athanor.web.json_text import dump_json
from athanor.web.settings import LiveSettings
from athanor.web.sockets import prepare_live_socket

__all__ = ["install_live"]

_log = logging.getLogger("athanor.web.live")

_GOING_DOWN: Final = 1012
_TRY_LATER: Final = 1013
_FAILED: Final = 1011

_NOT_TEXT: Final = dump_json(
    {
        "op": "error",
        "ref": None,
        **error_body("invalid_request", "a frame is a JSON object in a text frame"),
    }
)


def install_live(app: Flask, settings: LiveSettings) -> None:
    """Serve the live websocket."""
    app.config["SOCK_SERVER_OPTIONS"] = {
        "max_message_size": settings.message_limit_bytes,
        "thread_class": ReaderThread,
    }
    Sock(app).route(LIVE_PATH, endpoint="live", methods=["GET"])(_live)


def _live(websocket: Server) -> None:
    present = state()
    connection = _take_over(websocket, present.settings.live)
    if present.connections.add(connection):
        handle = _subscribe(present, connection)
    else:
        handle = None
        connection.close(_TRY_LATER, "there are too many live connections")
    try:
        connection.start(handle)
        websocket.thread.begin()
        _receive(websocket, connection, handle)
    finally:
        connection.finish()
        present.connections.discard(connection)


def _take_over(websocket: Server, settings: LiveSettings) -> WebSocketConnection:
    """Put a connection between the reader and its socket, before the reader has begun."""
    reading, writing = prepare_live_socket(websocket.sock, settings)
    connection = WebSocketConnection(reading, writing, settings)
    websocket.sock = ReaderSocket(connection)

    def on_end() -> None:
        connection.reader_ended()
        websocket.connected = False
        websocket.event.set()

    websocket.thread.on_end = on_end
    return connection


def _subscribe(present: AppState, connection: WebSocketConnection) -> SubscriberHandle | None:
    try:
        return present.service.subscribe(connection)
    except ServiceStopping as error:
        connection.close(_GOING_DOWN, error.message)
    except (AthanorError, TimeoutError) as error:
        connection.close(_TRY_LATER, str(error))
    except Exception:  # noqa: BLE001 # an HTTP answer would land in the middle of the websocket
        _log.exception("no subscriber could be started")
        connection.close(_FAILED, "the service failed")
    return None


def _receive(
    websocket: Server, connection: WebSocketConnection, handle: SubscriberHandle | None
) -> None:
    try:
        while True:
            frame: Any = websocket.receive()
            if handle is None:
                continue
            if isinstance(frame, str):
                handle.receive(frame)
            else:
                connection.offer([_NOT_TEXT])
    except ConnectionClosed:
        return
    except Exception:  # noqa: BLE001 # as above
        _log.exception("a websocket's frame could not be handed over")
        connection.close(_FAILED, "the service failed")
        connection.wait_closed(1.0)
