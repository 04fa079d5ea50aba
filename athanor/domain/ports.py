"""The joints of Athanor: what the actors need of the database, of executions and of sockets.

``db``, ``execution`` and ``web`` implement or use these and know nothing of each other. Every
method of a store may raise ``DatabaseAway``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from athanor.domain.execution import (
    ExecutionSpec,
    ExperimentEntry,
    JournalItem,
    JournalSlice,
    Validation,
)
from athanor.domain.instance import Instance
from athanor.domain.items import ItemKind
from athanor.domain.run import (
    Cancellation,
    Counts,
    NewRun,
    Outcome,
    Progress,
    Run,
    RunStatus,
)

__all__ = [
    "Connection",
    "Cursor",
    "DatabaseControl",
    "DatabaseServer",
    "Execution",
    "ExecutionTaken",
    "Executions",
    "ExperimentCatalog",
    "InstanceStore",
    "ItemBatch",
    "ItemStore",
    "JournalReader",
    "Page",
    "RunFilter",
    "RunStore",
    "Service",
    "ServiceStore",
    "StoredItem",
    "Stores",
    "SubscriberHandle",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; ``next_cursor`` is opaque, None on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None


# --- the database ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the journal of a run is committed: the next batch begins at ``byte_offset``."""

    attempt: int
    byte_offset: int
    seq: int
    counts: Counts
    metric_names: tuple[str, ...]


@dataclass(slots=True)
class ItemBatch:
    """A piece of a run's journal on its way into the database.

    ``rows`` is what ``ItemStore.rows`` made, in order; ``first_seq`` is the seq of the first.
    ``metric_names`` is the whole list when the batch adds a name to it, else None.
    """

    run_id: UUID
    attempt: int
    from_offset: int
    to_offset: int
    first_seq: int
    last_seq: int
    rows: list[Any] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    metric_names: tuple[str, ...] | None = None
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as the page receives it: ``json`` is the bytes of a JSON object with its ``seq``."""

    kind: ItemKind
    seq: int
    json: bytes


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs to list; None and the empty tuple leave a criterion out."""

    statuses: tuple[RunStatus, ...] = ()
    instance_id: UUID | None = None
    experiment: str | None = None


class InstanceStore(Protocol):
    """Instances, as kept."""

    def create(
        self, experiment: str, name: str, description: str, configuration: dict[str, Any]
    ) -> Instance:
        """Keep a new instance."""
        ...

    def get(self, instance_id: UUID) -> Instance:
        """Give an instance. Raises ``InstanceNotFound``."""
        ...

    def list(self, limit: int, cursor: str | None) -> Page[Instance]:
        """List instances, newest activity first. Raises ``InvalidInput`` for a bad cursor."""
        ...

    def update(
        self, instance_id: UUID, changes: dict[str, Any], expected_revision: int | None
    ) -> Instance:
        """Change ``name``, ``description`` or ``configuration``.

        Raises ``InstanceNotFound`` or ``RevisionMismatch``.
        """
        ...

    def delete(self, instance_id: UUID) -> tuple[UUID, ...]:
        """Delete an instance with its runs and give their ids.

        Raises ``InstanceNotFound``, or ``InstanceIsActive`` while a run is not final.
        """
        ...


class RunStore(Protocol):
    """Runs, as kept. Every write obeys the state machine and carries the owner."""

    def create(self, new: NewRun) -> Run:
        """Keep a new pending run. Raises ``InstanceNotFound``."""
        ...

    def get(self, run_id: UUID) -> Run:
        """Give a run. Raises ``RunNotFound``."""
        ...

    def list(self, which: RunFilter, limit: int, cursor: str | None) -> Page[Run]:
        """List runs, the newest first. Raises ``InvalidInput`` for a bad cursor."""
        ...

    def unfinished(self, owner: UUID) -> tuple[Run, ...]:
        """Give the runs of this owner that are not final, oldest first."""
        ...

    def start(self, run_id: UUID, owner: UUID) -> Run | None:
        """Turn pending into running; None when the run is not pending or not this owner's."""
        ...

    def finish(
        self,
        run_id: UUID,
        owner: UUID,
        status: RunStatus,
        outcome: Outcome,
        cancel: Cancellation | None,
    ) -> Run | None:
        """Write the final status; None when the run is final already, gone, or not this owner's."""
        ...

    def save_progress(self, run_id: UUID, owner: UUID, progress: Progress) -> Run | None:
        """Keep the last progress of a running run; None when it is not running."""
        ...

    def save_cancellation(self, run_id: UUID, owner: UUID, cancel: Cancellation) -> Run | None:
        """Keep the steps of a cancellation of a run that is not final; None when it is."""
        ...

    def adopt(self, run_id: UUID, owner: UUID, new_owner: UUID) -> Run | None:
        """Take over a run whose owner's lease is over; None when somebody else was faster."""
        ...

    def delete(self, run_id: UUID) -> None:
        """Delete a final run with its items. Raises ``RunNotFound`` or ``RunIsActive``."""
        ...


class ItemStore(Protocol):
    """The items of runs: written in batches by the Writer, read by ranges of ``seq``."""

    def rows(self, run_id: UUID, attempt: int, first_seq: int, items: Sequence[JournalItem]) -> Any:
        """Prepare items for ``commit``; cheap enough to be called for a slice of 64 KB on the hub."""
        ...

    def commit(self, owner: UUID, batches: Sequence[ItemBatch]) -> list[bool]:
        """Commit the batches of several runs in one transaction, each exactly once.

        For each batch: True when it is in, False when its cursor had moved or its run is gone. An
        item that the database refuses is stored as a stand-in of the same seq.
        """
        ...

    def cursor(self, run_id: UUID) -> Cursor:
        """Give how far a run is committed. Raises ``RunNotFound``."""
        ...

    def after(self, run_id: UUID, seq: int, limit: int) -> list[StoredItem]:
        """Give the next ``limit`` items of all kinds beyond ``seq``, in order.

        Large results come with ``preview`` and ``size`` in place of ``value``.
        """
        ...

    def logs(
        self,
        run_id: UUID,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = 50,
        minimum_level: str | None = None,
        text: str | None = None,
        tail: bool = False,
    ) -> list[StoredItem]:
        """Give log lines with ``after < seq < before``, oldest first; ``tail``: the newest of them."""
        ...

    def results(
        self,
        run_id: UUID,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = 50,
        key: str | None = None,
    ) -> list[StoredItem]:
        """Give results with ``after < seq < before``, oldest first; large ones by preview."""
        ...

    def result(self, run_id: UUID, seq: int) -> StoredItem:
        """Give one result, whole. Raises ``ItemNotFound``."""
        ...

    def metrics(
        self, run_id: UUID, *, after: int | None = None, before: int | None = None, limit: int = 50
    ) -> list[StoredItem]:
        """Give points of all metrics with ``after < seq < before``, oldest first."""
        ...

    def series(
        self, run_id: UUID, name: str, max_points: int
    ) -> list[tuple[int | None, float, str]]:
        """Give one metric as ``(step, value, at)``, downsampled to at most ``max_points``."""
        ...


class ServiceStore(Protocol):
    """The leases of the services that share a database."""

    def register(self, service_id: UUID, host: str, pid: int) -> None:
        """Take or renew the lease of a service that starts."""
        ...

    def heartbeat(self, service_id: UUID) -> None:
        """Renew the lease."""
        ...

    def release(self, service_id: UUID) -> None:
        """Give the lease up, at an orderly stop."""
        ...

    def orphans(self, service_id: UUID, limit: int) -> tuple[Run, ...]:
        """Give runs that are not final and whose owner, another service, has lost its lease."""
        ...


@dataclass(frozen=True, slots=True)
class Stores:
    """The four stores of one database."""

    instances: InstanceStore
    runs: RunStore
    items: ItemStore
    services: ServiceStore


class DatabaseServer(Protocol):
    """A server that belongs to the service: the embedded one."""

    def start(self) -> str:
        """Start it, unless it runs, and give how to connect. Waits without blocking the hub."""
        ...

    def is_alive(self) -> bool:
        """Tell whether its process lives."""
        ...

    def stop(self) -> None:
        """Stop it and wait until it is gone."""
        ...


class DatabaseControl(Protocol):
    """The pool, for the actor that looks after it."""

    def open(self, conninfo: str) -> None:
        """Open the pool and bring the schema up to date. Raises ``DatabaseAway``."""
        ...

    def close(self) -> None:
        """Close the pool."""
        ...

    def probe(self) -> None:
        """Ask the server for an answer, past everybody else. Raises ``DatabaseAway``."""
        ...

    def mark_away(self, why: str) -> None:
        """Refuse calls from now on, and end those that wait."""
        ...

    def mark_back(self) -> None:
        """Take calls again."""
        ...

    @property
    def is_away(self) -> bool:
        """Tell whether calls are refused."""
        ...


# --- where experiments run ------------------------------------------------------------------


class ExperimentCatalog(Protocol):
    """The experiments that are known. Methods may wait for a process; none imports a plugin here."""

    def list(self) -> tuple[ExperimentEntry, ...]:
        """Give every experiment by name, those that cannot be imported included."""
        ...

    def get(self, name: str) -> ExperimentEntry:
        """Give one experiment. Raises ``ExperimentNotFound``."""
        ...

    def validate(self, name: str, configuration: Any) -> Validation:
        """Check a configuration. Raises ``ExperimentNotFound`` or ``ExperimentUnavailable``."""
        ...

    def register_file(self, path: str) -> tuple[ExperimentEntry, ...]:
        """Add the experiments of a ``.py`` file, or read it again; gives its entries.

        Raises ``InvalidInput`` when there is no such file.
        """
        ...


class JournalReader(Protocol):
    """Reads one attempt's journal on from a byte offset."""

    def read(self, max_bytes: int) -> JournalSlice | None:
        """Give the whole lines that follow, at least one, about ``max_bytes``; None when there are none."""
        ...

    def read_torn_tail(self) -> JournalSlice | None:
        """Give what stands after the last newline as a warning; only once nobody writes any more."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class ExecutionTaken(Exception):
    """Another RunServer holds this execution."""


class Execution(Protocol):
    """One attempt of a run that is, or was, under way. Belongs to the RunServer that took it."""

    @property
    def run_id(self) -> UUID:
        """The run."""
        ...

    @property
    def attempt(self) -> int:
        """The attempt, from 1."""
        ...

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it is alive. Set only when nothing of it writes any more."""
        ...

    @property
    def leaked(self) -> bool:
        """True for a thread that was given up on and still runs."""
        ...

    def reader(self, byte_offset: int) -> JournalReader:
        """Open the journal at this offset."""
        ...

    def collect_output(self) -> None:
        """Bring what came on descriptors 1 and 2 of a child into its journal."""
        ...

    def progress(self) -> Progress | None:
        """Give the last progress."""
        ...

    def request_cancel(self) -> None:
        """Set the cancel flag."""
        ...

    def terminate(self) -> None:
        """Send SIGTERM to the child's group; nothing for a thread."""
        ...

    def kill(self) -> None:
        """Kill the child's group; give a thread up as leaked, its late lines fenced off."""
        ...


class Executions(Protocol):
    """The table of executions: it outlives any actor."""

    def start(self, spec: ExecutionSpec) -> None:
        """Begin an attempt; returns at once. What fails in it becomes its outcome."""
        ...

    def has_begun(self, run_id: UUID, attempt: int) -> bool:
        """Tell whether an attempt left anything on disk: then it is recovered, not started."""
        ...

    def recover(self, run_id: UUID, attempt: int) -> None:
        """Enter an attempt that an earlier life of this service began, from what is on disk."""
        ...

    def knows(self, run_id: UUID) -> bool:
        """Tell whether the run has an entry."""
        ...

    def take(self, run_id: UUID, taker: object, on_activity: Callable[[], None]) -> Execution:
        """Take the execution of a run.

        ``on_activity`` is called in the service's main thread when the journal grew or the
        execution ended; it must return at once. Raises ``KeyError`` for an unknown run and
        ``ExecutionTaken`` while another taker holds it.
        """
        ...

    def release(self, run_id: UUID, taker: object) -> None:
        """Give the execution back, so that a successor can take it."""
        ...

    def discard(self, run_id: UUID) -> None:
        """Forget a run whose end is committed."""
        ...

    def delete_files(self, run_id: UUID) -> None:
        """Delete the directory of a deleted run."""
        ...

    def active(self) -> tuple[UUID, ...]:
        """Give the runs in the table."""
        ...

    def leaked_threads(self) -> int:
        """Count the threads that were given up on and still run."""
        ...


# --- the service, for those who serve it over HTTP -------------------------------------------


class SubscriberHandle(Protocol):
    """The live side of one websocket: an actor behind it keeps a cursor per subscription."""

    def receive(self, frame: str | bytes) -> None:
        """Hand over a frame that the client sent. Returns at once."""
        ...

    def drained(self) -> None:
        """Say that the connection has room again. Returns at once."""
        ...

    def close(self) -> None:
        """Say that the socket is gone."""
        ...


class Service(Protocol):
    """All that may be asked of a running service. The web layer knows this and the domain only.

    Any method may raise ``DatabaseAway``; those that start work raise ``ServiceStopping`` at the end.
    """

    @property
    def catalog(self) -> ExperimentCatalog:
        """The experiments."""
        ...

    @property
    def stores(self) -> Stores:
        """For reading only; what changes something goes through the methods below."""
        ...

    def create_instance(
        self, experiment: str, name: str, description: str, configuration: Any
    ) -> Instance:
        """Create an instance of a valid configuration.

        Raises ``ExperimentNotFound``, ``ExperimentUnavailable`` or ``ValidationFailed``.
        """
        ...

    def update_instance(
        self, instance_id: UUID, changes: dict[str, Any], expected_revision: int | None
    ) -> Instance:
        """Change ``name``, ``description``, ``configuration``; raises as ``create_instance`` and the store."""
        ...

    def delete_instance(self, instance_id: UUID) -> None:
        """Delete an instance with its runs. Raises as the store."""
        ...

    def start_run(self, instance_id: UUID, seed: int | None = None) -> Run:
        """Create a run of an instance and have it started; gives it as pending.

        Raises ``InstanceNotFound``, ``ExperimentNotFound``, ``ExperimentUnavailable`` or
        ``ValidationFailed`` when the experiment no longer accepts the configuration.
        """
        ...

    def cancel_run(self, run_id: UUID, by: str) -> bool:
        """Ask a run to stop; True when this call changed something.

        Raises ``RunNotFound`` or ``RunIsFinal``. Works for a running run while the database is away.
        """
        ...

    def delete_run(self, run_id: UUID) -> None:
        """Delete a final run. Raises as the store."""
        ...

    def register_file(self, path: str) -> tuple[ExperimentEntry, ...]:
        """Add the experiments of a ``.py`` file and announce the change."""
        ...

    def tree(self) -> dict[str, Any]:
        """Give the supervision tree: ``id, path, type, state, restarts, ... , children``."""
        ...

    def readiness(self) -> dict[str, bool]:
        """Tell for each part (``database``, ``tree``) whether it is ready."""
        ...

    def subscribe(self, connection: Connection) -> SubscriberHandle:
        """Start the subscriber of a new websocket. Raises ``ServiceStopping``."""
        ...


# --- the browser ----------------------------------------------------------------------------


class Connection(Protocol):
    """The sending side of one websocket. ``offer`` never blocks."""

    def offer(self, frames: Sequence[bytes]) -> bool:
        """Queue text frames, all or none; False when there is no room or it is closed."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close with this code once what is queued is sent, or at once when stuck."""
        ...
