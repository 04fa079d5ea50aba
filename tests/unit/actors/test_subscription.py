"""The rules of the live protocol for one subscription: every item once, in order, then the state."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from athanor.actors.frames import item_frames
from athanor.actors.messages import ItemsCommitted, StateChanged
from athanor.actors.subscription import (
    MAX_BEHIND,
    PAGE_ITEMS,
    RunSubscription,
    StateSubscription,
)
from athanor.domain.items import ItemKind
from athanor.domain.ports import StoredItem

RUN = UUID("6f1c0b6e-1f4e-4c69-9d5a-0d4c9a3c5a10")
TOPIC = f"experiments:run:{RUN}"


def item(seq: int) -> StoredItem:
    kind = (ItemKind.LOG, ItemKind.RESULT, ItemKind.METRIC)[seq % 3]
    return StoredItem(kind, seq, b'{"seq":%d}' % seq)


def published(first: int, last: int, *, with_frames: bool = True) -> ItemsCommitted:
    items = [item(seq) for seq in range(first, last + 1)]
    frames = item_frames(RUN, items) if with_frames and items else ()
    return ItemsCommitted(RUN, first, last, frames)


@dataclass
class Socket:
    """What was sent, and whether there is room."""

    has_room: bool = True
    frames: list[dict] = field(default_factory=list)

    def send(self, frames) -> bool:
        if self.has_room:
            self.frames.extend(json.loads(frame) for frame in frames)
        return self.has_room

    @property
    def seqs(self) -> list[int]:
        return sorted(
            entry["seq"]
            for frame in self.frames
            for name in ("logs", "results", "metrics")
            for entry in frame["data"].get(name, ())
        )


def test_a_publication_that_follows_the_cursor_is_sent_as_it_is() -> None:
    socket, sub = Socket(), RunSubscription(TOPIC, RUN, cursor=4, committed=4)
    sub.items_committed(published(5, 9), socket.send)
    assert socket.seqs == [5, 6, 7, 8, 9]
    assert not sub.reading
    assert [frame["seq"] for frame in socket.frames] == [4, 4, 9]


def test_a_publication_that_was_sent_already_is_dropped() -> None:
    socket, sub = Socket(), RunSubscription(TOPIC, RUN, cursor=9, committed=9)
    sub.items_committed(published(5, 9), socket.send)
    assert socket.frames == []
    assert not sub.reading


def test_a_gap_is_read_from_the_database_before_anything_else_is_sent() -> None:
    socket, sub = Socket(), RunSubscription(TOPIC, RUN, cursor=4, committed=4)
    sub.items_committed(published(8, 9), socket.send)
    assert sub.reading
    assert socket.frames == []
    sub.page([item(seq) for seq in range(5, 10)], socket.send)
    assert socket.seqs == [5, 6, 7, 8, 9]
    assert not sub.reading


def test_without_room_nothing_is_lost_and_the_page_is_read_again() -> None:
    socket, sub = Socket(has_room=False), RunSubscription(TOPIC, RUN, cursor=0, committed=0)
    sub.items_committed(published(1, 3), socket.send)
    assert sub.reading
    assert not sub.page([item(1), item(2), item(3)], socket.send)
    assert sub.cursor == 0
    socket.has_room = True
    assert sub.page([item(1), item(2), item(3)], socket.send)
    assert socket.seqs == [1, 2, 3]


def test_the_end_of_a_run_waits_for_its_last_item() -> None:
    socket, sub = Socket(), RunSubscription(TOPIC, RUN, cursor=0, committed=0)
    done = StateChanged(TOPIC, "run_completed", b"{}", after_seq=3)
    sub.changed(done, socket.send)
    assert socket.frames == []
    assert sub.reading
    sub.page([item(1), item(2), item(3)], socket.send)
    assert [frame["event"] for frame in socket.frames][-1] == "run_completed"
    assert socket.frames[-1]["seq"] == 3


def test_a_live_subscriber_far_behind_is_told_which_range_it_missed() -> None:
    socket = Socket(has_room=False)
    sub = RunSubscription(TOPIC, RUN, cursor=10, committed=10)
    sub.items_committed(published(11, 12), socket.send)
    last = 11 + MAX_BEHIND
    sub.items_committed(ItemsCommitted(RUN, 13, last), socket.send)
    assert not sub.gave_up_on_lag(socket.send)
    socket.has_room = True
    assert sub.gave_up_on_lag(socket.send)
    assert socket.frames[-1]["event"] == "lagged"
    assert socket.frames[-1]["data"] == {"from": 11, "to": last}
    assert sub.cursor == last
    assert not sub.reading


def test_a_replay_is_never_cut_short_by_its_length() -> None:
    socket = Socket()
    sub = RunSubscription(
        TOPIC, RUN, cursor=0, committed=10 * MAX_BEHIND, reading=True, replaying=True
    )
    assert not sub.gave_up_on_lag(socket.send)
    assert sub.reading


def test_of_a_state_that_cannot_be_sent_only_the_newest_is_kept() -> None:
    socket, state = Socket(has_room=False), StateSubscription("experiments:instances")
    for number in range(5):
        change = StateChanged(
            "experiments:instances", "instance_updated", b'{"n":%d}' % number, key="a"
        )
        state.changed(change, socket.send)
    socket.has_room = True
    state.flush(socket.send)
    assert [frame["data"] for frame in socket.frames] == [{"n": 4}]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 2 * PAGE_ITEMS),  # items of the publication
            st.sampled_from(["hear", "lose", "empty"]),
            st.booleans(),  # room while it is heard
            st.integers(0, 3),  # pages read afterwards
        ),
        max_size=30,
    ),
    st.integers(0, 50),
)
def test_whatever_is_lost_or_late_every_item_arrives_once_and_in_order(steps, start) -> None:
    socket = Socket()
    sub = RunSubscription(TOPIC, RUN, cursor=start, committed=start)
    committed = start

    def read_page() -> None:
        if sub.reading and not sub.gave_up_on_lag(socket.send):
            last = min(committed, sub.cursor + PAGE_ITEMS)
            sub.page([item(seq) for seq in range(sub.cursor + 1, last + 1)], socket.send)

    sub.replaying = True  # the law is about sending everything; lag is another one
    for size, fate, room, pages in steps:
        first, committed = committed + 1, committed + size
        socket.has_room = room
        if fate != "lose":
            sub.items_committed(
                published(first, committed, with_frames=fate == "hear"), socket.send
            )
        sub.replaying = True
        for _ in range(pages):
            read_page()
    socket.has_room = True
    end = StateChanged(TOPIC, "run_completed", b"{}", after_seq=committed)
    sub.changed(end, socket.send)
    while sub.reading:
        sub.replaying = True
        read_page()
    assert socket.seqs == list(range(start + 1, committed + 1))
    assert socket.frames[-1]["event"] == "run_completed"
    heard = [frame["seq"] for frame in socket.frames]
    assert heard == sorted(heard)
