"""What the actors of the tree say to each other: commands are verbs, facts are past participles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from athanor.domain.ports import ItemBatch

if TYPE_CHECKING:
    from athanor.actors.process import ProcessRef

__all__ = [
    "AskWatchers",
    "BatchHandled",
    "CancelRun",
    "CommitBatch",
    "ItemsCommitted",
    "PrepareStop",
    "Publish",
    "Resubscribe",
    "RunEnded",
    "StartRun",
    "StateChanged",
    "Subscribe",
    "Tick",
    "UnitGaveUp",
    "Unsubscribe",
    "WatchersChanged",
    "WriterStarted",
]


# --- to the broadcaster, and from it to subscribers -------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemsCommitted:
    """Items ``from_seq`` to ``to_seq`` of a run are committed.

    ``frames`` are the whole text frames that a subscriber level with ``from_seq - 1`` may send as
    they are; empty when nobody has them at hand, and then they are read from the database.
    """

    run_id: UUID
    from_seq: int
    to_seq: int
    frames: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Something on a topic changed; ``data`` is the JSON of the event's data.

    ``key`` names what changed: of two changes with the same event and key that a subscriber could
    not send yet, only the newer is sent. On a run's topic the event waits until every item up to
    ``after_seq`` has been sent.
    """

    topic: str
    event: str
    data: bytes
    key: str = ""
    after_seq: int = 0


@dataclass(frozen=True, slots=True)
class Publish:
    """Hand this on to whoever subscribed to its topic."""

    what: ItemsCommitted | StateChanged


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Add a subscriber to a topic. Answered, so that what is read afterwards misses nothing."""

    topic: str
    subscriber: ProcessRef[Any]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Take a subscriber from a topic."""

    topic: str
    subscriber: ProcessRef[Any]


@dataclass(frozen=True, slots=True)
class AskWatchers:
    """From a RunServer that has just begun, to learn whether anybody watches its run."""

    run_id: UUID


@dataclass(frozen=True, slots=True)
class Resubscribe:
    """To every subscriber from a broadcaster that has just started and knows nobody."""


@dataclass(frozen=True, slots=True)
class WatchersChanged:
    """To a RunServer: somebody watches its run, or nobody does any more."""

    watched: bool


# --- between run servers and the writer -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CommitBatch:
    """Commit this and tell ``reply_to``, a name."""

    batch: ItemBatch
    reply_to: str


@dataclass(frozen=True, slots=True)
class BatchHandled:
    """The batch that began at ``from_offset`` is in, or its cursor stood elsewhere."""

    from_offset: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class WriterStarted:
    """A writer has started and knows of no batch that was on its way."""


# --- about runs -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartRun:
    """Give this run a unit, unless it has one."""

    run_id: UUID


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run's final status is committed; its unit is no longer needed."""

    run_id: UUID


@dataclass(frozen=True, slots=True)
class CancelRun:
    """Ask the run to stop; answered with whether this changed anything."""

    by: str


@dataclass(frozen=True, slots=True)
class PrepareStop:
    """The service goes down: no new runs, and those that are under way are asked to end."""


@dataclass(frozen=True, slots=True)
class UnitGaveUp:
    """A run's unit has used up its restarts."""

    run_id: UUID


@dataclass(frozen=True, slots=True)
class Tick:
    """Time to look again."""
