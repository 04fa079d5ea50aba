"""One HTTP connection, with limits: the size of a head, and the time a client may take for anything.

gevent's handler has neither. Three of its private names are used, ``_handle_client_error``,
``_log_error`` and ``Input._discard``; a test holds that they still do what is relied on.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

import gevent
from gevent.pywsgi import Input, WSGIHandler

from athanor.web.settings import ServerSettings

if TYPE_CHECKING:
    from athanor.web.server import GracefulServer

__all__ = ["HttpHandler"]

_log = logging.getLogger("athanor.web.server")

_SLICE_BYTES: Final = 64 * 1024
_ANSWERS: Final = {
    status: f"HTTP/1.1 {status} {phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
    for status, phrase in (
        ("400", "Bad Request"),
        ("408", "Request Timeout"),
        ("431", "Request Header Fields Too Large"),
    )
}


class _HeadTooLarge(ValueError):
    pass


class _HeadTooSlow(ValueError):
    pass


class _LimitedLines:
    """Gives the lines of a head up to a limit of all of them together."""

    def __init__(self, rfile: Any, limit_bytes: int) -> None:
        self._rfile = rfile
        self._left = limit_bytes

    def readline(self, size: int = -1) -> bytes:
        wanted = self._left + 1 if size < 0 else min(size, self._left + 1)
        line: bytes = self._rfile.readline(wanted)
        self._left -= len(line)
        if self._left < 0:
            raise _HeadTooLarge("the head of the request is too large")
        return line


class BoundedInput(Input):
    """The body of a request: read within a time, and thrown away only as far as is reasonable."""

    __slots__ = ("deadline", "handler")

    def __init__(self, handler: HttpHandler, original: Input) -> None:
        super().__init__(
            original.rfile, original.content_length, original.socket, original.chunked_input
        )
        self.handler = handler
        self.deadline = time.monotonic() + handler.limits.body_timeout_s

    def read(self, length: int | None = None) -> bytes:
        """Read; raises ``TimeoutError`` when the body as a whole takes too long."""
        late = TimeoutError("the body did not arrive in time")
        with gevent.Timeout(max(0.0, self.deadline - time.monotonic()), late):
            data: bytes = super().read(length)
        return data

    def _discard(self) -> None:
        """Read what the application left, so that the answer is not lost to a reset; or else close."""
        left = (self.content_length or 0) - self.position
        if left <= 0 and not self.chunked_input:
            return
        if self.socket is not None:
            # The client waits to be told to send its body, and now never will be.
            self.handler.close_connection = True
            return
        limits = self.handler.limits
        self.deadline = min(self.deadline, time.monotonic() + limits.discard_timeout_s)
        discarded = 0
        try:
            while discarded <= limits.discard_limit_bytes:
                data = self.read(_SLICE_BYTES)
                if not data:
                    return
                discarded += len(data)
        except OSError:
            pass
        self.handler.close_connection = True


class HttpHandler(WSGIHandler):
    """gevent's handler with limits. One greenlet each."""

    server: GracefulServer

    @property
    def limits(self) -> ServerSettings:
        """The limits of the server."""
        return self.server.limits

    def read_requestline(self) -> str:
        """Wait for the next request, as an idle connection that may be closed at any time."""
        self.server.idle.add(self.socket)
        try:
            if self.server.is_stopping:
                return ""
            with gevent.Timeout(self.limits.idle_timeout_s, _HeadTooSlow()):
                line: str = super().read_requestline()
        except _HeadTooSlow:
            return ""
        else:
            return line
        finally:
            self.server.idle.discard(self.socket)

    def read_request(self, raw_requestline: str) -> Any:
        """Read the head, within its time and size."""
        rfile: Any = self.rfile
        limited: Any = _LimitedLines(rfile, self.limits.head_limit_bytes)
        limit = self.limits.head_limit_bytes
        if len(raw_requestline) > limit:
            raise _HeadTooLarge("the request line is too large")
        self.rfile = limited
        try:
            with gevent.Timeout(self.limits.head_timeout_s, _HeadTooSlow("the head was too slow")):
                understood = super().read_request(raw_requestline)
        finally:
            self.rfile = rfile
        coding = self.headers.get("transfer-encoding")
        if coding is not None and coding.lower() != "chunked":
            raise ValueError("a transfer coding that is not known")
        return understood

    def get_environ(self) -> dict[str, Any]:
        """Give the WSGI environment, with a body that is bounded."""
        environ: dict[str, Any] = super().get_environ()
        original: Any = self.wsgi_input
        self.wsgi_input = BoundedInput(self, original)
        # gevent hands the bare socket to whatever asks for an upgrade, also with a body.
        if environ["wsgi.input"] is original or self.command != "GET":
            environ["wsgi.input"] = self.wsgi_input
            environ["wsgi.input_terminated"] = True
        return environ

    def handle_one_request(self) -> Any:
        """Serve one request; none after it once the server stops."""
        result = super().handle_one_request()
        return None if result is True and self.server.is_stopping else result

    def _sendall(self, data: bytes) -> None:
        """Send in slices, as the socket's timeout is for each wait and not for a large body."""
        view = memoryview(data)
        for start in range(0, len(view), _SLICE_BYTES):
            super()._sendall(view[start : start + _SLICE_BYTES])  # type: ignore[misc] # the stubs leave it out

    def _handle_client_error(self, ex: BaseException) -> tuple[str, bytes]:
        _log.debug("a request from %s was no HTTP: %s", self.client_address, ex)
        if isinstance(ex, _HeadTooLarge):
            status = "431"
        else:
            status = "408" if isinstance(ex, _HeadTooSlow | TimeoutError) else "400"
        return status, _ANSWERS[status]

    def _log_error(self, t: type[BaseException], v: BaseException, tb: Any) -> None:
        if issubclass(t, OSError):
            _log.debug("a client went away: %s", v)  # or took nothing for too long
        elif not issubclass(t, gevent.GreenletExit):
            _log.error("a request failed beneath the application", exc_info=(t, v, tb))
