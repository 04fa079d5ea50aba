"""What is announced when an instance or a run changes, and on which topics.

Everything announced is committed already. These functions only build what is
announced; ``broadcaster.publish`` hands it on.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from athanor.actors.frames import encode
from athanor.actors.messages import StateChanged
from athanor.domain.instance import Instance
from athanor.domain.run import Progress, Run
from athanor.domain.shapes import instance_json, progress_json, run_json
from athanor.domain.topics import ACTIVE_RUNS, INSTANCES, SYSTEM, instance_topic, run_topic

__all__ = [
    "RunEvent",
    "instance_changed",
    "instance_created",
    "instance_deleted",
    "progress_changed",
    "run_changed",
    "run_deleted",
    "run_progressed",
    "system_changed",
]

RunEvent = Literal["run_created", "run_started", "run_updated", "run_completed"]

_ON_INSTANCE: dict[RunEvent, str] = {
    "run_created": "run_created",
    "run_started": "run_updated",
    "run_updated": "run_updated",
    "run_completed": "run_completed",
}


def instance_created(instance: Instance) -> list[StateChanged]:
    """Announce a new instance."""
    data = encode({"instance": instance_json(instance)})
    return [StateChanged(INSTANCES, "instance_created", data, str(instance.id))]


def instance_changed(instance: Instance) -> list[StateChanged]:
    """Announce a changed instance, also one whose statistics changed."""
    data = encode({"instance": instance_json(instance)})
    key = str(instance.id)
    return [
        StateChanged(topic, "instance_updated", data, key)
        for topic in (INSTANCES, instance_topic(instance.id))
    ]


def instance_deleted(instance_id: UUID) -> list[StateChanged]:
    """Announce that an instance is gone."""
    data = encode({"instance": {"id": str(instance_id)}})
    return [
        StateChanged(topic, "instance_deleted", data, str(instance_id))
        for topic in (INSTANCES, instance_topic(instance_id))
    ]


def run_changed(run: Run, event: RunEvent) -> list[StateChanged]:
    """Announce a run on its own topic, its instance's and that of the active runs."""
    data = encode({"run": run_json(run)})
    key = str(run.id)
    own = "run_completed" if event == "run_completed" else "run_updated"
    return [
        StateChanged(
            run_topic(run.id), own, data, key, after_seq=run.seq if run.status.is_final else 0
        ),
        StateChanged(instance_topic(run.instance_id), _ON_INSTANCE[event], data, key),
        StateChanged(ACTIVE_RUNS, event, data, key),
    ]


def run_progressed(run: Run) -> list[StateChanged]:
    """Announce a run for the sake of its progress, to those who watch lists of runs."""
    data = encode({"run": run_json(run)})
    return [
        StateChanged(topic, "run_updated", data, str(run.id))
        for topic in (instance_topic(run.instance_id), ACTIVE_RUNS)
    ]


def progress_changed(run_id: UUID, progress: Progress) -> list[StateChanged]:
    """Announce a progress on the run's own topic."""
    return [StateChanged(run_topic(run_id), "progress_updated", encode(progress_json(progress)))]


def run_deleted(run_id: UUID, instance_id: UUID) -> list[StateChanged]:
    """Announce that a run is gone."""
    data = encode({"run": {"id": str(run_id), "instance_id": str(instance_id)}})
    return [
        StateChanged(topic, "run_deleted", data, str(run_id))
        for topic in (run_topic(run_id), instance_topic(instance_id), ACTIVE_RUNS)
    ]


def system_changed(event: str, **members: object) -> list[StateChanged]:
    """Announce something about the service as a whole."""
    return [StateChanged(SYSTEM, event, encode(members))]
