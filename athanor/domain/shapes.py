"""The JSON shapes of instances and runs, the same over HTTP and live."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from athanor.domain.instance import Instance
from athanor.domain.run import Cancellation, Progress, Run, RunStatus

__all__ = ["cancellation_json", "instance_json", "progress_json", "run_json", "timestamp"]


def timestamp(at: datetime | None) -> str | None:
    """Give ISO 8601 UTC with microseconds and ``Z``."""
    if at is None:
        return None
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def progress_json(progress: Progress | None) -> dict[str, Any] | None:
    """Give the data of ``progress_updated``."""
    if progress is None:
        return None
    return {
        "current": progress.current,
        "total": progress.total,
        "percent": progress.percent,
        "message": progress.message,
        "at": timestamp(progress.at),
    }


def cancellation_json(cancel: Cancellation | None) -> dict[str, Any] | None:
    """Give ``run.cancel``: each step with its time, null while it has not been taken."""
    if cancel is None:
        return None
    return {
        "by": cancel.by,
        "asked_at": timestamp(cancel.asked_at),
        "terminated_at": timestamp(cancel.terminated_at),
        "killed_at": timestamp(cancel.killed_at),
        "leaked": cancel.leaked,
    }


def run_json(run: Run) -> dict[str, Any]:
    """Give a run as the contract shows it."""
    return {
        "id": str(run.id),
        "instance_id": str(run.instance_id),
        "instance_name": run.instance_name,
        "experiment": run.experiment,
        "status": run.status.value,
        "configuration": run.configuration,
        "isolation": run.isolation,
        "seed": run.seed,
        "attempt": run.attempt,
        "attempts": _attempts(run),
        "revision": run.revision,
        "progress": progress_json(run.progress),
        "counts": {
            "logs": run.counts.logs,
            "results": run.counts.results,
            "metrics": run.counts.metrics,
            "levels": dict(run.counts.levels),
        },
        "metric_names": list(run.metric_names),
        "seq": run.seq,
        "cancel": cancellation_json(run.cancel),
        "queue": _queue(run),
        "provenance": run.provenance,
        "created_at": timestamp(run.created_at),
        "started_at": timestamp(run.started_at),
        "finished_at": timestamp(run.finished_at),
        "error": run.error,
        "exit": run.exit,
    }


def _attempts(run: Run) -> list[dict[str, Any]]:
    """Give one entry per attempt begun; there is one at the most until runs are tried again."""
    if run.started_at is None:
        return []
    return [
        {
            "attempt": run.attempt,
            "started_at": timestamp(run.started_at),
            "finished_at": timestamp(run.finished_at),
            "exit": run.exit,
        }
    ]


def _queue(run: Run) -> dict[str, Any] | None:
    if run.status is not RunStatus.PENDING or run.queue_position is None:
        return None
    return {"position": run.queue_position, "reason": "waiting for the service to start it"}


def instance_json(instance: Instance) -> dict[str, Any]:
    """Give an instance as the contract shows it."""
    stats = instance.stats
    return {
        "id": str(instance.id),
        "experiment": instance.experiment,
        "name": instance.name,
        "description": instance.description,
        "configuration": instance.configuration,
        "created_at": timestamp(instance.created_at),
        "updated_at": timestamp(instance.updated_at),
        "revision": instance.revision,
        "stats": {
            "run_count": stats.run_count,
            "last_run_at": timestamp(stats.last_run_at),
            "last_run_status": stats.last_run_status.value if stats.last_run_status else None,
            "recent_runs": [
                {
                    "id": str(recent.id),
                    "status": recent.status.value,
                    "started_at": timestamp(recent.started_at),
                    "finished_at": timestamp(recent.finished_at),
                    "duration_s": recent.duration_s,
                }
                for recent in stats.recent_runs
            ],
        },
    }
