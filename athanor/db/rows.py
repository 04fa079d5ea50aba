"""From rows to the things of the domain, and JSON on its way into a column."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from athanor.domain.instance import Instance, InstanceStats, RecentRun
from athanor.domain.run import Cancellation, Counts, Progress, Run, RunStatus
from athanor.domain.shapes import cancellation_json, progress_json

__all__ = [
    "cancellation_to_column",
    "counts_from",
    "instance_from",
    "progress_to_column",
    "run_from",
    "to_column",
]


def to_column(value: Any) -> str:
    """Encode a value for a ``json`` column; NaN and infinities have no place in one."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def progress_to_column(progress: Progress) -> str:
    """Encode a progress."""
    return to_column(progress_json(progress))


def cancellation_to_column(cancel: Cancellation | None) -> str | None:
    """Encode the steps of a cancellation."""
    return None if cancel is None else to_column(cancellation_json(cancel))


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _known_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _progress_from(data: dict[str, Any] | None) -> Progress | None:
    if data is None:
        return None
    return Progress(
        current=data["current"],
        total=data["total"],
        percent=data["percent"],
        message=data["message"],
        at=_known_time(data["at"]),
    )


def _cancellation_from(data: dict[str, Any] | None) -> Cancellation | None:
    if data is None:
        return None
    return Cancellation(
        by=data["by"],
        asked_at=_known_time(data["asked_at"]),
        terminated_at=_time(data["terminated_at"]),
        killed_at=_time(data["killed_at"]),
        leaked=data["leaked"],
    )


def counts_from(row: dict[str, Any]) -> Counts:
    """Read the counts of ``run_cursors``."""
    return Counts(
        logs=row["logs"],
        results=row["results"],
        metrics=row["metrics"],
        levels={
            "debug": row["logs_debug"],
            "info": row["logs_info"],
            "warn": row["logs_warn"],
            "error": row["logs_error"],
        },
    )


def run_from(row: dict[str, Any]) -> Run:
    """Read a row of the query ``runs.select``."""
    return Run(
        id=row["id"],
        instance_id=row["instance_id"],
        instance_name=row["instance_name"],
        experiment=row["experiment"],
        status=RunStatus(row["status"]),
        configuration=row["configuration"],
        isolation=row["isolation"],
        seed=row["seed"],
        attempt=row["attempt"],
        revision=row["revision"],
        progress=_progress_from(row["progress"]),
        counts=counts_from(row),
        metric_names=tuple(row["metric_names"]),
        seq=row["seq"],
        cancel=_cancellation_from(row["cancel"]),
        provenance=row["provenance"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        error=row["error"],
        exit=row["exit"],
        owner=row["owner"],
        queue_position=row["queue_position"],
    )


def instance_from(row: dict[str, Any]) -> Instance:
    """Read a row of the queries ``instances.get`` and ``instances.list``."""
    recent = row["recent_runs"] or []
    last = recent[-1] if recent else None
    return Instance(
        id=row["id"],
        experiment=row["experiment"],
        name=row["name"],
        description=row["description"],
        configuration=row["configuration"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        revision=row["revision"],
        stats=InstanceStats(
            run_count=row["run_count"],
            last_run_at=_time(last[2] or last[4]) if last else None,
            last_run_status=RunStatus(last[1]) if last else None,
            recent_runs=tuple(
                RecentRun(UUID(entry[0]), RunStatus(entry[1]), _time(entry[2]), _time(entry[3]))
                for entry in recent
            ),
        ),
    )
