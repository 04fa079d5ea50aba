"""A run: one execution of an instance, and the one state machine that it obeys.

::

    pending ──> running ──> completed | failed | cancelled
       └─────────────────────> failed | cancelled

A final status is never left. The same rule stands in the ``UPDATE`` of ``db/queries/runs.sql`` and
in a CHECK of the schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from athanor.domain.experiment import Isolation

__all__ = [
    "Cancellation",
    "Counts",
    "ExitReason",
    "LostCause",
    "NewRun",
    "Outcome",
    "Progress",
    "Run",
    "RunStatus",
    "final_status",
    "may_become",
]


class RunStatus(StrEnum):
    """Where a run is; the last three are final."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """True when nothing may change the status any more."""
        return self not in (RunStatus.PENDING, RunStatus.RUNNING)


_NEXT: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.PENDING: frozenset({RunStatus.RUNNING, RunStatus.FAILED, RunStatus.CANCELLED}),
    RunStatus.RUNNING: frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}),
    RunStatus.COMPLETED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
}


def may_become(present: RunStatus, wanted: RunStatus) -> bool:
    """Tell whether a run in status ``present`` may go to ``wanted``. The only place this is decided."""
    return wanted in _NEXT[present]


class ExitReason(StrEnum):
    """How a run ended, as ``exit.reason`` of the contract."""

    RETURNED = "returned"
    EXCEPTION = "exception"
    EXIT_CODE = "exit_code"
    SIGNAL = "signal"
    OUT_OF_MEMORY = "out_of_memory"
    TIMEOUT = "timeout"
    IDLE = "idle"
    DISK_FULL = "disk_full"
    LOST = "lost"
    UNAVAILABLE = "unavailable"
    SUPERVISION = "supervision"
    INTERNAL = "internal"
    CANCELLED = "cancelled"


class LostCause(StrEnum):
    """Why a run was lost, as ``exit.cause``."""

    SERVICE_KILLED = "service_killed"
    SERVICE_STOPPED = "service_stopped"
    HOST_REBOOTED = "host_rebooted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended: the reason, one line of text, and what belongs to the reason.

    ``details`` holds for ``exception`` ``type``, ``message`` and ``traceback``, for ``exit_code``
    ``code``, for ``signal`` ``signal`` (its name), for ``lost`` ``cause``.
    """

    reason: ExitReason
    error: str | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Give the ``exit`` object of the contract."""
        return {"reason": self.reason.value, **self.details}


def final_status(outcome: Outcome, *, cancel_asked: bool) -> RunStatus:
    """Decide the final status: once cancellation was asked for the run ends cancelled, however it ends."""
    if cancel_asked or outcome.reason is ExitReason.CANCELLED:
        return RunStatus.CANCELLED
    if outcome.reason is ExitReason.RETURNED:
        return RunStatus.COMPLETED
    return RunStatus.FAILED


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The steps of a cancellation, each with its time once it was taken."""

    by: str
    asked_at: datetime
    terminated_at: datetime | None = None
    killed_at: datetime | None = None
    leaked: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; ``percent`` is from 0 to 100, or None while the total is unknown."""

    current: float
    total: float | None
    percent: float | None
    message: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items of each kind are committed; ``levels`` counts the log lines by level."""

    logs: int = 0
    results: int = 0
    metrics: int = 0
    levels: dict[str, int] = field(
        default_factory=lambda: {"debug": 0, "info": 0, "warn": 0, "error": 0}
    )


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is decided about a run at its creation."""

    id: UUID
    instance_id: UUID
    experiment: str
    configuration: dict[str, Any]
    isolation: Isolation
    seed: int
    owner: UUID
    provenance: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is kept.

    ``seq`` is that of its last committed item, 0 for none. ``queue_position`` counts from 1 among
    the pending runs, and is None for any other.
    """

    id: UUID
    instance_id: UUID
    instance_name: str
    experiment: str
    status: RunStatus
    configuration: dict[str, Any]
    isolation: Isolation
    seed: int
    attempt: int
    revision: int
    progress: Progress | None
    counts: Counts
    metric_names: tuple[str, ...]
    seq: int
    cancel: Cancellation | None
    provenance: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    exit: dict[str, Any] | None
    owner: UUID
    queue_position: int | None = None
