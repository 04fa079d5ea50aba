"""The inbox of a process: two lanes, never blocking who puts, awake for who takes.

pykka's own queue cannot let anything overtake, and a native thread that puts into it does not wake
gevent's hub. No locks here: appending to a deque is atomic, and the taker looks again after it has
cleared the flag that it sleeps on.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pykka

    from athanor.actors.scheduling import Home

__all__ = ["Envelope", "Inbox"]


class Envelope:
    """A message on its way, when it was put, and where its answer goes."""

    __slots__ = ("at", "message", "reply_to", "urgent")

    def __init__(
        self, message: Any, reply_to: pykka.Future[Any] | None = None, *, urgent: bool = False
    ) -> None:
        self.message = message
        self.reply_to = reply_to
        self.urgent = urgent
        self.at = time.monotonic()

    def answer(self, value: Any) -> None:
        """Answer the asker, if there is one and it has no answer yet."""
        if self.reply_to is not None:
            try:
                self.reply_to.set(value)
            except queue.Full:
                return

    def fail(self, error: BaseException) -> None:
        """Raise ``error`` at the asker, if there is one and it has no answer yet."""
        if self.reply_to is not None:
            try:
                self.reply_to.set_exception((type(error), error, error.__traceback__))
            except queue.Full:
                return


class Inbox:
    """What waits for a process. Any thread may put; only the process itself takes.

    Urgent envelopes come first, each lane in its own order.
    """

    __slots__ = ("_filled", "_home", "_ordinary", "_urgent")

    def __init__(self) -> None:
        self._urgent: deque[Envelope | None] = deque()
        self._ordinary: deque[Envelope] = deque()
        self._filled = threading.Event()
        self._home: Home | None = None

    def attach(self, home: Home) -> None:
        """Say where the taker lives, so that it can be woken from everywhere."""
        self._home = home

    def put(self, envelope: Envelope) -> None:
        """Add an envelope; never blocks."""
        if envelope.urgent:
            self._urgent.append(envelope)
        else:
            self._ordinary.append(envelope)
        self._wake()

    def interrupt(self) -> None:
        """Make ``get`` return None once, so that the process looks at what is asked of it."""
        self._urgent.append(None)
        self._wake()

    def put_back(self, envelopes: Iterable[Envelope]) -> None:
        """Put back, at the front and in their order, what was taken and not yet handled."""
        for envelope in reversed(list(envelopes)):
            (self._urgent if envelope.urgent else self._ordinary).appendleft(envelope)

    def get(self, timeout_s: float | None = None) -> Envelope | None:
        """Take the next envelope; None after an interruption or when the time is over."""
        if not self:
            self._filled.clear()
            if not self and not self._filled.wait(
                None if timeout_s is None else max(0.0, timeout_s)
            ):
                return None
        if self._urgent:
            return self._urgent.popleft()
        return self._ordinary.popleft() if self._ordinary else None

    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self

    def __len__(self) -> int:
        return len(self._urgent) + len(self._ordinary)

    def oldest_at(self) -> float | None:
        """Return when the message was put that waits longest, on the monotonic clock."""
        try:
            return self._ordinary[0].at
        except IndexError:
            return None

    def _wake(self) -> None:
        if self._filled.is_set():
            return
        if self._home is None:
            self._filled.set()
        else:
            self._home.run(self._filled.set)
