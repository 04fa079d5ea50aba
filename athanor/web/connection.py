"""One websocket: its writer, what its reader is given for a socket, and how it comes to an end.

simple-websocket reads in a thread of its own and answers pings and closes from there; its ``send``
may write part of a frame. Here nobody writes but one thread a socket, whole frames in order, and
the reader's answers are queued like everything else. Under gevent the threads are greenlets.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from athanor.domain.ports import SubscriberHandle
from athanor.web.outbox import Batch, Outbox
from athanor.web.settings import LiveSettings

__all__ = ["ReaderSocket", "ReaderThread", "Socket", "WebSocketConnection"]

_log = logging.getLogger("athanor.web.live")

_SLICE_BYTES: Final = 64 * 1024
_DISCARD_BYTES: Final = 4 * 1024 * 1024
_AFTER_SHUTDOWN_S: Final = 1.0
_TOO_SLOW: Final = 1013


class Socket(Protocol):
    """What a connection needs of a socket; its timeout bounds a single wait of ``send``."""

    def send(self, data: memoryview, /) -> int:
        """Send what fits; raises ``TimeoutError`` when nothing did."""
        ...

    def recv(self, size: int, /) -> bytes:
        """Receive."""
        ...

    def settimeout(self, timeout_s: float | None, /) -> None:
        """Bound the waits."""
        ...

    def shutdown(self, how: int, /) -> None:
        """End the connection for every duplicate of this socket."""
        ...

    def close(self) -> None:
        """Close this duplicate."""
        ...


class _Stalled(Exception):
    """The peer took no byte for as long as we had patience."""


class WebSocketConnection:
    """Implements ``athanor.domain.ports.Connection`` over a socket that has shaken hands.

    ``reading`` and ``writing`` are two duplicates of it, as their timeouts differ. Frames may be
    offered from the beginning; they are written once ``start`` was called. Whoever reads must say
    ``reader_ended`` and then, from the same thread as ``start``, ``finish``.
    """

    def __init__(
        self,
        reading: Socket,
        writing: Socket,
        settings: LiveSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._settings = settings
        self._clock = clock
        self._outbox = Outbox(settings, clock)
        self._handle: SubscriberHandle | None = None
        self._reader_ended = threading.Event()
        self._aborted = threading.Event()
        self._told_closed = False
        self._writer = threading.Thread(target=self._write, name="athanor-live-writer", daemon=True)
        # A blocked send looks up this often, whether its time is over.
        look_up_s = min(1.0, settings.stall_timeout_s / 4, settings.close_timeout_s / 4)
        writing.settimeout(look_up_s)
        reading.settimeout(None)

    # --- the port ---------------------------------------------------------------------------

    def offer(self, frames: Sequence[bytes]) -> bool:
        """See the port. An empty outbox takes any size, so that nothing is ever too large to send."""
        return self._outbox.offer(frames)

    def close(self, code: int, reason: str) -> None:
        """See the port."""
        self._outbox.close(code, reason)

    # --- for the endpoint -------------------------------------------------------------------

    def start(self, handle: SubscriberHandle | None) -> None:
        """Begin to write; ``handle`` is told of room and of the end."""
        self._handle = handle
        self._writer.start()

    def abort(self) -> None:
        """End it now, with whatever is queued unsent."""
        self._aborted.set()
        self._outbox.peer_is_gone()
        with contextlib.suppress(OSError):
            self._writing.shutdown(socket.SHUT_RDWR)

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait until the reader has ended; False when it has not."""
        return self._reader_ended.wait(timeout_s)

    def reader_ended(self) -> None:
        """Say that nothing is read any more."""
        self._outbox.peer_is_gone()
        self._reader_ended.set()

    def finish(self) -> None:
        """Write the last answer, let the peer read it, and close. Blocks for the closing time at most twice."""
        self.reader_ended()
        self._tell_closed()
        self._join_writer(self._settings.close_timeout_s)
        if not self._aborted.is_set():
            self._linger()
        with contextlib.suppress(OSError):
            self._reading.shutdown(socket.SHUT_RDWR)
        self._join_writer(_AFTER_SHUTDOWN_S)
        self._reading.close()
        self._writing.close()

    # --- for the reader ---------------------------------------------------------------------

    def receive_bytes(self, size: int) -> bytes:
        """Receive for the reader, and note that the peer is alive."""
        data = self._reading.recv(size)
        if data:
            self._outbox.heard()
        time.sleep(0)  # a peer that floods leaves the others their turn
        return data

    def answer_control(self, frames: bytes) -> None:
        """Queue what the reader answers by itself: pongs and closes."""
        self._outbox.answer_control(frames)

    # --- the writer -------------------------------------------------------------------------

    def _write(self) -> None:
        try:
            while (batch := self._outbox.take()) is not None:
                try:
                    self._send_batch(batch)
                except _Stalled:
                    _log.info("a websocket took nothing for too long and is closed")
                    return
            # The peer has its close frame and answers it, or the reader has ended already.
            self._tell_closed()
            if not self._reader_ended.wait(self._settings.close_timeout_s):
                self.abort()
        except OSError:
            pass  # the peer is gone, which the reader sees too
        except Exception:  # noqa: BLE001 # whatever failed, the socket must not be left open and mute
            _log.exception("the writer of a websocket failed")
        finally:
            if not self._reader_ended.is_set():
                self.abort()

    def _send_batch(self, batch: Batch) -> None:
        pieces = batch.pieces if batch.size_bytes > _SLICE_BYTES else [b"".join(batch.pieces)]
        written = 0
        try:
            for piece in pieces:
                for size in self._send(piece):
                    written += size
                    if batch.is_data and self._outbox.written(size) and self._handle is not None:
                        self._handle.drained()
        except _Stalled:
            self._close_stalled(batch.rest_of_frame(written))
            raise

    def _send(self, data: bytes) -> Iterator[int]:
        """Send all of it, giving the size of each part that left. Raises ``_Stalled``."""
        view = memoryview(data)
        while view:
            sent = self._send_some(view[:_SLICE_BYTES])
            view = view[sent:]
            yield sent

    def _send_some(self, view: memoryview) -> int:
        since = self._clock()
        while True:
            try:
                return self._writing.send(view)
            except TimeoutError:
                if self._clock() >= self._outbox.patience_ends_at(since):
                    raise _Stalled from None

    def _close_stalled(self, rest: bytes) -> None:
        """Give what waits up, and offer the rest of the broken frame and a close for some time more.

        A frame once begun must be ended before the peer can understand that it is closed.
        """
        last_words = self._outbox.drop_and_close(_TOO_SLOW, "too slow: connect again and go on")
        self._tell_closed()
        with contextlib.suppress(_Stalled):
            for _ in self._send(rest + last_words):
                pass
            self._reader_ended.wait(self._settings.close_timeout_s)

    # --- the end ----------------------------------------------------------------------------

    def _join_writer(self, timeout_s: float) -> None:
        if self._writer.ident is not None:
            self._writer.join(timeout_s)

    def _tell_closed(self) -> None:
        if self._handle is not None and not self._told_closed:
            self._told_closed = True
            self._handle.close()

    def _linger(self) -> None:
        """Read on until the peer has closed, as closing over unread data would take our last words back."""
        deadline = self._clock() + self._settings.close_timeout_s
        left = _DISCARD_BYTES
        with contextlib.suppress(OSError):
            self._reading.shutdown(socket.SHUT_WR)
            while left > 0 and (time_left := deadline - self._clock()) > 0:
                self._reading.settimeout(time_left)
                data = self._reading.recv(_SLICE_BYTES)
                if not data:
                    return
                left -= len(data)


class ReaderSocket:
    """What simple-websocket gets in place of its socket: it reads, and its writes are queued whole."""

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection

    def recv(self, size: int) -> bytes:
        """Receive from the peer."""
        return self._connection.receive_bytes(size)

    def send(self, frames: bytes) -> int:
        """Queue frames and say that all of it was sent."""
        self._connection.answer_control(bytes(frames))
        return len(frames)

    def close(self) -> None:
        """Do nothing: the connection closes the socket when its last words are read."""


class ReaderThread(threading.Thread):
    """simple-websocket's reading thread, begun by the endpoint once the socket has been replaced.

    However it ends, ``on_end`` is called, so that nobody waits for a reader that is no more.
    """

    def __init__(self, target: Callable[[], object]) -> None:
        super().__init__(target=target, daemon=True)
        self.on_end: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Do nothing yet: simple-websocket calls this before its socket can be replaced."""

    def begin(self) -> None:
        """Start to read."""
        super().start()

    def run(self) -> None:
        """Read until the end."""
        try:
            super().run()
        except Exception:  # noqa: BLE001 # a library's fault ends this socket, and is logged
            _log.exception("the reader of a websocket failed")
        finally:
            self.on_end()
