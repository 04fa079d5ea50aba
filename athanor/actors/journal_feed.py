"""From the journal of one attempt to batches for the Writer: what has been read, is built, is sent.

A plain object that its RunServer drives; it has no clock and no socket. At most one batch is with
the Writer while the next one is built, so memory does not grow with what the run emits.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from athanor.actors.frames import item_frames, live_item
from athanor.actors.messages import ItemsCommitted
from athanor.domain.execution import JournalSlice, LogItem, MetricItem, ResultItem
from athanor.domain.items import LEVELS
from athanor.domain.ports import Cursor, ItemBatch, ItemStore, JournalReader, StoredItem
from athanor.domain.run import Counts, Outcome

__all__ = ["MAX_BATCH_BYTES", "MAX_METRIC_NAMES", "JournalFeed"]

SLICE_BYTES: Final = 48 * 1024
"""What is read at a time: about 2 ms of work on the hub."""

MAX_BATCH_BYTES: Final = 256 * 1024
MAX_METRIC_NAMES: Final = 500
MAX_METRIC_NAME_CHARS: Final = 300


class JournalFeed:
    """Reads a journal on from a run's committed cursor and hands out its batches in order."""

    def __init__(
        self, run_id: UUID, items: ItemStore, reader: JournalReader, cursor: Cursor
    ) -> None:
        self._run_id = run_id
        self._items = items
        self._reader = reader
        self._attempt = cursor.attempt
        self._next_seq = cursor.seq + 1
        self._next_offset = cursor.byte_offset
        self._metric_names = dict.fromkeys(cursor.metric_names)
        self._building: ItemBatch | None = None
        self._building_live: list[StoredItem] = []
        self._sent: ItemBatch | None = None
        self._sent_frames: tuple[bytes, ...] = ()
        self.committed_seq = cursor.seq
        self.outcome: Outcome | None = None
        self.watched = True

    @property
    def is_idle(self) -> bool:
        """True when everything that was read is committed."""
        return self._building is None and self._sent is None

    @property
    def is_full(self) -> bool:
        """True when no more may be read before the batch with the Writer is answered."""
        return self._building is not None and self._building.size_bytes >= MAX_BATCH_BYTES

    def read(self) -> bool:
        """Read the next slice into the batch that is built; False when there was nothing."""
        return self._add(self._reader.read(SLICE_BYTES))

    def read_torn_tail(self) -> bool:
        """Read what a writer that is gone left without its newline."""
        return self._add(self._reader.read_torn_tail())

    def take_batch(self) -> ItemBatch | None:
        """Give the batch to send next; None when there is none or one is under way."""
        if self._sent is not None or self._building is None:
            return None
        self._sent, self._building = self._building, None
        live, self._building_live = self._building_live, []
        self._sent_frames = item_frames(self._run_id, live) if live else ()
        return self._sent

    def handled(self, from_offset: int, *, accepted: bool) -> ItemsCommitted | None:
        """Take the Writer's answer and give what to publish.

        None for an answer to an earlier batch, and for one that was not accepted: then the feed is
        out of step, and a new one begins at the cursor.
        """
        sent = self._sent
        if sent is None or sent.from_offset != from_offset or not accepted:
            return None
        frames, self._sent, self._sent_frames = self._sent_frames, None, ()
        self.committed_seq = sent.last_seq
        if sent.last_seq < sent.first_seq:
            return ItemsCommitted(self._run_id, sent.first_seq, sent.last_seq)
        return ItemsCommitted(self._run_id, sent.first_seq, sent.last_seq, frames)

    def is_waiting_for(self, from_offset: int) -> bool:
        """Tell whether the batch that began there is the one with the Writer."""
        return self._sent is not None and self._sent.from_offset == from_offset

    def close(self) -> None:
        """Close the journal."""
        self._reader.close()

    def _add(self, piece: JournalSlice | None) -> bool:
        if piece is None:
            return False
        if piece.outcome is not None:
            self.outcome = piece.outcome
        batch = self._building
        if batch is None:
            batch = self._building = ItemBatch(
                run_id=self._run_id,
                attempt=self._attempt,
                from_offset=self._next_offset,
                to_offset=self._next_offset,
                first_seq=self._next_seq,
                last_seq=self._next_seq - 1,
            )
        items = piece.items
        batch.rows.extend(self._items.rows(self._run_id, self._attempt, self._next_seq, items))
        batch.counts = self._count(batch, piece)
        if self.watched and len(self._building_live) == self._next_seq - batch.first_seq:
            self._building_live.extend(
                live_item(seq, item) for seq, item in enumerate(items, start=self._next_seq)
            )
        elif items:
            # Without every item of the batch its frames would have a gap: subscribers read it.
            self._building_live.clear()
        self._next_seq += len(items)
        self._next_offset = batch.to_offset = piece.to_offset
        batch.last_seq = self._next_seq - 1
        batch.size_bytes += piece.to_offset - piece.from_offset
        return True

    def _count(self, batch: ItemBatch, piece: JournalSlice) -> Counts:
        counts = batch.counts
        logs, results, metrics = counts.logs, counts.results, counts.metrics
        levels = counts.levels
        for item in piece.items:
            if isinstance(item, LogItem):
                logs += 1
                levels[item.level] += 1
            elif isinstance(item, ResultItem):
                results += 1
            else:
                metrics += 1
                self._note_name(batch, item)
        return Counts(logs, results, metrics, {level: levels[level] for level in LEVELS})

    def _note_name(self, batch: ItemBatch, item: MetricItem) -> None:
        """Note a metric's name at its first point, so that listing them never scans the points."""
        names = self._metric_names
        if item.name in names or len(names) >= MAX_METRIC_NAMES:
            return
        if len(item.name) <= MAX_METRIC_NAME_CHARS and "\x00" not in item.name:
            names[item.name] = None
            batch.metric_names = tuple(names)
