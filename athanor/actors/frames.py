"""The text frames of the live protocol, put together from JSON that is encoded already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from athanor.domain.execution import JournalItem, LogItem, ResultItem
from athanor.domain.items import MAX_LIVE_VALUE_BYTES, MAX_PREVIEW_CHARS, ItemKind
from athanor.domain.ports import StoredItem
from athanor.domain.topics import run_topic

__all__ = ["encode", "event_frame", "item_frames", "live_item", "reply_frame"]

_EVENTS: Final = {
    ItemKind.LOG: (b"logs_added", b"logs"),
    ItemKind.RESULT: (b"results_added", b"results"),
    ItemKind.METRIC: (b"metrics_added", b"metrics"),
}

encode = msgspec.json.Encoder().encode


def event_frame(topic: str, event: str, seq: int | None, data: bytes) -> bytes:
    """Make the frame of an event."""
    return b'{"topic":%b,"event":"%b","seq":%b,"data":%b}' % (
        encode(topic),
        event.encode(),
        b"null" if seq is None else b"%d" % seq,
        data,
    )


def reply_frame(op: str, ref: Any, **members: Any) -> bytes:
    """Make the frame that answers a client's; ``msgspec.Raw`` members go in as they are."""
    return encode({"op": op, "ref": ref, **members})


def live_item(seq: int, item: JournalItem) -> StoredItem:
    """Give an item as the page receives it: its journal line with the seq in front.

    A large result is given by its size and a preview.
    """
    if isinstance(item, LogItem):
        kind = ItemKind.LOG
    elif isinstance(item, ResultItem):
        kind = ItemKind.RESULT
        if len(item.value) > MAX_LIVE_VALUE_BYTES:
            # Four bytes a character at the most, so this prefix holds the preview.
            head = item.value[: 4 * MAX_PREVIEW_CHARS].decode("utf-8", "ignore")
            cut = item.line.index(b',"value":')
            return StoredItem(
                kind,
                seq,
                b'{"seq":%d,%b,"preview":%b,"size":%d}'
                % (seq, item.line[1:cut], encode(head[:MAX_PREVIEW_CHARS]), len(item.value)),
            )
    else:
        kind = ItemKind.METRIC
    return StoredItem(kind, seq, b'{"seq":%d,%b' % (seq, item.line[1:]))


def item_frames(run_id: UUID, items: Sequence[StoredItem]) -> tuple[bytes, ...]:
    """Make the frames of consecutive items: an event a kind, of which the last carries the new seq."""
    groups: dict[ItemKind, list[bytes]] = {}
    for item in items:
        groups.setdefault(item.kind, []).append(item.json)
    topic = encode(run_topic(run_id))
    frames = []
    seq = items[0].seq - 1
    for number, (kind, lines) in enumerate(groups.items(), start=1):
        if number == len(groups):
            seq = items[-1].seq
        event, member = _EVENTS[kind]
        frames.append(
            b'{"topic":%b,"event":"%b","seq":%d,"data":{"%b":[%b]}}'
            % (topic, event, seq, member, b",".join(lines))
        )
    return tuple(frames)
