"""What waits to be written to one websocket: frames in order, control frames first, and how it ends.

Everything here is decided under one lock and without a socket. Any thread may put something in;
only the writer of the connection takes out, so no two writers ever share a socket.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from athanor.web.settings import LiveSettings
from athanor.web.websocket_frames import CLOSE, close_frame, opcodes, ping_frame, text_header

__all__ = ["Batch", "Outbox"]

BATCH_BYTES: Final = 64 * 1024
"""Small frames are written together up to this size; a larger one goes alone."""

_CONTROL_BYTES: Final = 16 * 1024
_LATE_S: Final = 1.0


@dataclass(slots=True)
class Batch:
    """Whole frames to be written now; ``frame_ends`` are the offsets at which one ends."""

    pieces: list[bytes] = field(default_factory=list)
    frame_ends: list[int] = field(default_factory=list)
    size_bytes: int = 0
    is_data: bool = False

    def add(self, *pieces: bytes) -> None:
        """Add one frame."""
        self.pieces.extend(pieces)
        self.size_bytes += sum(map(len, pieces))
        self.frame_ends.append(self.size_bytes)

    def rest_of_frame(self, written_bytes: int) -> bytes:
        """Give what is missing of the frame that was being written; nothing at a boundary."""
        end = next(end for end in (0, *self.frame_ends) if end >= written_bytes)
        return b"".join(self.pieces)[written_bytes:end]


class Outbox:
    """The queue of one socket, its pings, and its closing.

    ``clock`` is monotonic, in seconds. ``heard`` must be called for whatever the peer sends.
    """

    def __init__(self, settings: LiveSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._changed = threading.Condition()
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._control: deque[bytes] = deque()
        self._waiting_bytes = 0  # of data: in the queue or in the batch under way
        self._refused_bytes: int | None = None
        self._closing: tuple[int, str] | None = None
        self._closing_since = 0.0
        self._stalled = False
        self._close_taken = False
        self._peer_gone = False
        self._heard_at = clock()
        self._pinged_at: float | None = None

    # --- in ---------------------------------------------------------------------------------

    def offer(self, payloads: Sequence[bytes]) -> bool:
        """Queue text frames, all or none. An empty outbox takes whatever comes."""
        framed = [(text_header(len(payload)), payload) for payload in payloads]
        size = sum(len(header) + len(payload) for header, payload in framed)
        with self._changed:
            if self._closing is not None or self._peer_gone:
                return False
            if self._waiting_bytes and self._waiting_bytes + size > self._settings.outbox_bytes:
                self._refused_bytes = max(size, self._refused_bytes or 0)
                return False
            self._frames.extend(framed)
            self._waiting_bytes += size
            self._changed.notify()
        return True

    def answer_control(self, frames: bytes) -> None:
        """Queue the control frames with which the protocol answers the peer (pongs, a close).

        A peer that pings without reading gets no more pongs than fit in 16 KiB.
        """
        with self._changed:
            if self._close_taken:
                return
            closes = CLOSE in opcodes(frames)
            if not closes and sum(map(len, self._control)) + len(frames) > _CONTROL_BYTES:
                return
            self._control.append(frames)
            if closes:
                self._close_taken = True
                self._begin_closing(1000, "")
                self._drop_data()
            self._changed.notify()

    def heard(self) -> None:
        """Note that the peer is alive."""
        self._heard_at = self._clock()
        if self._pinged_at is not None:
            with self._changed:
                self._changed.notify()  # the writer waits for the end of the ping's time

    def close(self, code: int, reason: str) -> None:
        """Close with this code after what is queued. Only the first call counts."""
        with self._changed:
            if self._closing is None and not self._peer_gone:
                self._begin_closing(code, reason)
                self._changed.notify()

    def drop_and_close(self, code: int, reason: str) -> bytes:
        """Give the data up and take the closing frame out, to be written by the caller."""
        with self._changed:
            self._stalled = self._closing is None
            self._begin_closing(code, reason)
            self._drop_data()
            self._control.clear()
            if self._close_taken:
                return b""
            self._close_taken = True
            return close_frame(*(self._closing or (code, reason)))

    def peer_is_gone(self) -> None:
        """Say that nothing is read any more: what is no answer to the peer is dropped."""
        with self._changed:
            self._peer_gone = True
            self._drop_data()
            self._changed.notify()

    # --- out --------------------------------------------------------------------------------

    def take(self) -> Batch | None:
        """Wait for something to write; None when nothing will come any more. For the writer only."""
        with self._changed:
            while True:
                batch = self._ready()
                if batch.pieces:
                    return batch
                if self._close_taken or self._peer_gone:
                    return None
                self._changed.wait(max(0.0, self._next_check_at() - self._clock()))

    def written(self, size_bytes: int) -> bool:
        """Note that so much data has left; True when one who was refused should offer again."""
        with self._changed:
            self._waiting_bytes = max(0, self._waiting_bytes - size_bytes)
            limit = self._settings.outbox_bytes
            if self._refused_bytes is None or self._closing is not None:
                return False
            has_room = self._waiting_bytes <= limit // 2 and (
                self._waiting_bytes + self._refused_bytes <= limit
            )
            if self._waiting_bytes and not has_room:
                return False
            self._refused_bytes = None
            return True

    def patience_ends_at(self, progress_at: float) -> float:
        """Tell when a socket that took its last byte at ``progress_at`` has to be given up."""
        stalled = progress_at + self._settings.stall_timeout_s
        with self._changed:
            if self._closing is None or self._stalled:
                return stalled
            asked = max(progress_at, self._closing_since) + self._settings.close_timeout_s
            return min(stalled, asked)

    # --- under the lock ---------------------------------------------------------------------

    def _ready(self) -> Batch:
        batch = Batch()
        while self._control:
            batch.add(self._control.popleft())
        if self._close_taken or self._peer_gone:
            return batch
        if self._ping_is_due():
            batch.add(ping_frame())
        if batch.pieces:
            return batch
        while self._frames:
            header, payload = self._frames[0]
            size = len(header) + len(payload)
            if batch.pieces and batch.size_bytes + size > BATCH_BYTES:
                break
            self._frames.popleft()
            batch.add(header, payload)
            batch.is_data = True
        if not batch.pieces and self._closing is not None:
            self._close_taken = True
            batch.add(close_frame(*self._closing))
        return batch

    def _ping_is_due(self) -> bool:
        now = self._clock()
        if self._pinged_at is not None and self._heard_at >= self._pinged_at:
            self._pinged_at = None
        due_at = self._next_check_at()
        if now < due_at:
            return False
        if self._pinged_at is None:
            self._pinged_at = now
            return True
        if now > due_at + _LATE_S:
            # This process was stopped or starved meanwhile, so the answer may lie unread.
            self._pinged_at = now
            return False
        self._begin_closing(1011, "no answer to a ping")
        self._drop_data()
        return False

    def _next_check_at(self) -> float:
        if self._closing is not None:
            return float("inf")
        if self._pinged_at is not None and self._heard_at < self._pinged_at:
            return self._pinged_at + self._settings.ping_timeout_s
        return self._heard_at + self._settings.ping_interval_s

    def _begin_closing(self, code: int, reason: str) -> None:
        if self._closing is None:
            self._closing = (code, reason)
            self._closing_since = self._clock()

    def _drop_data(self) -> None:
        self._frames.clear()
        self._waiting_bytes = 0
