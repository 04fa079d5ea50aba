"""One subscription of one websocket: a cursor over a run's items, or the newest of a state.

Plain objects without an actor, a clock or a socket: they are told what happened and say what to
send, so that the rules of the live protocol can be tested by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from athanor.actors.frames import event_frame, item_frames
from athanor.actors.messages import ItemsCommitted, StateChanged
from athanor.domain.ports import StoredItem

__all__ = ["MAX_BEHIND", "PAGE_ITEMS", "RunSubscription", "Send", "StateSubscription"]

PAGE_ITEMS: Final = 500
"""How many items a subscriber that is behind reads at a time."""

MAX_BEHIND: Final = 10_000
"""A live subscriber further behind is told so, and fetches that range over HTTP."""

Send = Callable[[Sequence[bytes]], bool]
"""Offers frames to the connection; False when it has no room for them now."""


@dataclass(slots=True)
class StateSubscription:
    """A topic without items. What cannot be sent waits, the newest of each thing."""

    topic: str
    waiting: dict[tuple[str, str], StateChanged] = field(default_factory=dict)

    def changed(self, change: StateChanged, send: Send) -> None:
        """Send a change, or keep it until there is room."""
        key = (change.event, change.key)
        self.waiting.pop(key, None)  # the newest goes to the end, so that order is kept
        self.waiting[key] = change
        self.flush(send)

    def flush(self, send: Send) -> None:
        """Send what waits, as long as there is room."""
        while self.waiting:
            key, change = next(iter(self.waiting.items()))
            if not send([event_frame(self.topic, change.event, None, change.data)]):
                return
            del self.waiting[key]


@dataclass(slots=True)
class RunSubscription:
    """The topic of a run: every item after ``cursor``, once, in order, then what became of the run.

    ``committed`` is as far as the database is known to be. While ``reading`` items come from the
    database page by page (``page``); level with it, publications are sent as they are.
    """

    topic: str
    run_id: UUID
    cursor: int
    committed: int
    reading: bool = False
    replaying: bool = False
    waiting: dict[str, StateChanged] = field(default_factory=dict)

    def items_committed(self, published: ItemsCommitted, send: Send) -> None:
        """Take note of a publication: send it, drop it, or read on until level."""
        self.committed = max(self.committed, published.to_seq)
        if self.reading or published.to_seq <= self.cursor:
            return
        if published.from_seq == self.cursor + 1 and published.frames and send(published.frames):
            self.cursor = published.to_seq
            self.flush(send)
            return
        self.reading = True

    def page(self, items: Sequence[StoredItem], send: Send) -> bool:
        """Send a page that was read after ``cursor``; False when there is no room, and then it is lost."""
        if items:
            if not send(item_frames(self.run_id, items)):
                return False
            self.cursor = items[-1].seq
            self.committed = max(self.committed, self.cursor)
        if not items or self.cursor >= self.committed:
            self.reading = self.replaying = False
            self.flush(send)
        return True

    def gave_up_on_lag(self, send: Send) -> bool:
        """Skip what a live subscriber missed when it is too much, and say which range that was.

        True when it was skipped, and then the subscription is level.
        """
        if self.replaying or not self.reading or self.committed - self.cursor <= MAX_BEHIND:
            return False
        data = b'{"from":%d,"to":%d}' % (self.cursor + 1, self.committed)
        if not send([event_frame(self.topic, "lagged", self.committed, data)]):
            return False
        self.cursor = self.committed
        self.reading = False
        self.flush(send)
        return True

    def changed(self, change: StateChanged, send: Send) -> None:
        """Send a change of the run's state, after the items that it follows."""
        self.committed = max(self.committed, change.after_seq)
        self.waiting.pop(change.event, None)
        self.waiting[change.event] = change
        self.flush(send)
        if self.cursor < change.after_seq:
            self.reading = True

    def flush(self, send: Send) -> None:
        """Send the state changes whose items have been sent, as long as there is room."""
        for event, change in list(self.waiting.items()):
            if change.after_seq > self.cursor:
                continue
            if not send([event_frame(self.topic, event, self.cursor, change.data)]):
                return
            del self.waiting[event]
