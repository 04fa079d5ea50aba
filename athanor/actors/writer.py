"""The Writer: the batches of all runs on their way into the database.

Started by root, after the database. There is no timer: while one commit is under way the next
group gathers, so that the latency is one commit when there is little to do, and throughput rises
with the load. The commit runs beside the handler, so that a database which hangs leaves the
writer answerable. A crash loses what was gathered and nothing else: every run server learns that
there is a new writer and reads its cursor again.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never
from uuid import UUID

from athanor.actors.calls import cast
from athanor.actors.messages import BatchHandled, CommitBatch, Tick, WriterStarted
from athanor.actors.names import registered
from athanor.actors.process import Process
from athanor.actors.timers import send_after
from athanor.domain.errors import DatabaseAway

if TYPE_CHECKING:
    from athanor.actors.process import ProcessRef
    from athanor.domain.ports import ItemBatch, ItemStore

__all__ = ["RUN_SERVER_PREFIX", "WRITER", "Writer"]

WRITER = "writer"
RUN_SERVER_PREFIX = "run_server:"

MAX_GROUP_BYTES = 4 * 1024 * 1024
FIRST_RETRY_S = 0.05
MAX_RETRY_S = 2.0

logger = logging.getLogger("athanor.writer")


@dataclass(frozen=True, slots=True)
class GroupDone:
    """A commit has ended; ``accepted`` is None when the database was away."""

    accepted: list[bool] | None


Message = CommitBatch | GroupDone | Tick


class Writer(Process):
    """Commits batches in groups, in the order in which they came."""

    registered_name = WRITER

    def __init__(self, items: ItemStore, owner: UUID) -> None:
        super().__init__()
        self._items = items
        self._owner = owner
        self._waiting: deque[CommitBatch] = deque()
        self._under_way: list[CommitBatch] = []
        self._retry_s = FIRST_RETRY_S
        self._resting = False

    def on_start(self) -> None:
        """Tell the run servers that batches on their way are forgotten."""
        for name, ref in registered().items():
            if isinstance(name, str) and name.startswith(RUN_SERVER_PREFIX):
                cast(ref, WriterStarted())

    def on_receive(self, message: Message) -> Any:
        """Handle one message."""
        match message:
            case CommitBatch():
                self._waiting.append(message)
            case GroupDone(accepted):
                self._handle_group_done(accepted)
            case Tick():
                self._resting = False
            case _:
                assert_never(message)
        self._go_on()

    def _handle_group_done(self, accepted: list[bool] | None) -> None:
        group, self._under_way = self._under_way, []
        if accepted is None:
            self._waiting.extendleft(reversed(group))
            self._resting = True
            send_after(self._retry_s, self.actor_ref, Tick())
            self._retry_s = min(MAX_RETRY_S, self._retry_s * 2)
            return
        self._retry_s = FIRST_RETRY_S
        for command, is_in in zip(group, accepted, strict=True):
            cast(command.reply_to, BatchHandled(command.batch.from_offset, is_in))

    def _go_on(self) -> None:
        """Begin the next commit unless one is under way."""
        if self._under_way or self._resting or not self._waiting:
            return
        size = 0
        while self._waiting and size < MAX_GROUP_BYTES:
            command = self._waiting.popleft()
            self._under_way.append(command)
            size += command.batch.size_bytes
        threading.Thread(
            target=_commit,
            args=(self.actor_ref, self._items, self._owner, list(self._under_way)),
            name="writer-commit",
            daemon=True,
        ).start()


def _commit(
    writer: ProcessRef[Writer], items: ItemStore, owner: UUID, group: list[CommitBatch]
) -> None:
    """Commit one group and tell the writer how that went; runs beside it."""
    batches = [command.batch for command in group]
    try:
        accepted: list[bool] | None = items.commit(owner, batches)
    except DatabaseAway as error:
        logger.info("the database is away, %d batches wait: %s", len(group), error.message)
        accepted = None
    except Exception:
        logger.exception("a commit of %d batches failed; each is tried alone", len(group))
        accepted = _commit_each(items, owner, batches)
    cast(writer, GroupDone(accepted))


def _commit_each(items: ItemStore, owner: UUID, batches: list[ItemBatch]) -> list[bool] | None:
    """Commit one by one, so that what is wrong with one run's batch does not hold up the others."""
    accepted = []
    for batch in batches:
        try:
            accepted.extend(items.commit(owner, [batch]))
        except DatabaseAway:
            return None
        except Exception:
            logger.exception("the batch of run %s failed again", batch.run_id)
            accepted.append(False)
    return accepted
