"""An instance: an experiment with a name and a configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from athanor.domain.run import RunStatus

__all__ = ["Instance", "InstanceStats", "RecentRun"]


@dataclass(frozen=True, slots=True)
class RecentRun:
    """One bar of an instance's activity strip."""

    id: UUID
    status: RunStatus
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to finish, or None while one of the two is missing."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max(0.0, (self.finished_at - self.started_at).total_seconds())


@dataclass(frozen=True, slots=True)
class InstanceStats:
    """What the runs of an instance come to; ``recent_runs`` are at most 20, the newest last."""

    run_count: int = 0
    last_run_at: datetime | None = None
    last_run_status: RunStatus | None = None
    recent_runs: tuple[RecentRun, ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance as it is kept."""

    id: UUID
    experiment: str
    name: str
    description: str
    configuration: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    revision: int
    stats: InstanceStats = field(default_factory=InstanceStats)
