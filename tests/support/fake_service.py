"""A ``Service`` in memory: what the web layer needs, with the answers and refusals of the real one.

Experiments: ``counter`` (``iterations`` 1 to 100, ``anything``), and ``broken``, which cannot be
imported. Nothing runs by itself: a test moves runs on with ``finish`` and adds items with ``emit``.
Set ``fails`` to have any call raise.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from athanor.domain.errors import (
    ExperimentNotFound,
    ExperimentUnavailable,
    InstanceIsActive,
    InstanceNotFound,
    InvalidInput,
    ItemNotFound,
    RevisionMismatch,
    RunIsActive,
    RunIsFinal,
    RunNotFound,
    ValidationFailed,
)
from athanor.domain.execution import ExperimentEntry, ExperimentSource, Validation
from athanor.domain.instance import Instance, InstanceStats, RecentRun
from athanor.domain.items import LEVELS, MAX_LIVE_VALUE_BYTES, MAX_PREVIEW_CHARS, ItemKind
from athanor.domain.ports import Connection, Page, RunFilter, StoredItem
from athanor.domain.run import Cancellation, Counts, Progress, Run, RunStatus

__all__ = ["FakeService", "FakeSubscriber"]

_START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


class CounterConfiguration(BaseModel):
    """The configuration of ``counter``."""

    model_config = ConfigDict(extra="forbid")

    iterations: int = Field(10, ge=1, le=100, title="Iterations")
    anything: Any = None


class FakeCatalog:
    """Implements ``ExperimentCatalog``."""

    def __init__(self, service: FakeService) -> None:
        self._service = service
        self._entries = {
            "broken": ExperimentEntry(
                name="broken",
                description="",
                version=None,
                isolation="process",
                schema={},
                source=ExperimentSource("module", "broken", "Broken"),
                error="ImportError: no module named 'torch'",
            ),
            "counter": ExperimentEntry(
                name="counter",
                description="Counts",
                version="1.0",
                isolation="process",
                schema=CounterConfiguration.model_json_schema(),
                source=ExperimentSource("module", "counter", "Counter"),
            ),
        }

    def list(self) -> tuple[ExperimentEntry, ...]:
        """See the port."""
        self._service.check()
        return tuple(self._entries[name] for name in sorted(self._entries))

    def get(self, name: str) -> ExperimentEntry:
        """See the port."""
        self._service.check()
        try:
            return self._entries[name]
        except KeyError:
            raise ExperimentNotFound(f"there is no experiment {name!r}", name=name) from None

    def validate(self, name: str, configuration: Any) -> Validation:
        """See the port."""
        entry = self.get(name)
        if entry.error is not None:
            raise ExperimentUnavailable(f"{name} cannot be imported", error=entry.error)
        try:
            valid = CounterConfiguration.model_validate(configuration)
        except ValidationError as error:
            return Validation(
                errors=tuple(
                    {
                        "loc": list(problem["loc"]),
                        "message": problem["msg"],
                        "type": problem["type"],
                    }
                    for problem in error.errors()
                ),
                configuration=configuration,
            )
        return Validation(errors=(), configuration=valid.model_dump())

    def register_file(self, path: str) -> tuple[ExperimentEntry, ...]:
        """See the port."""
        self._service.check()
        if not path.endswith(".py"):
            raise InvalidInput(f"{path} is not a .py file", path=path)
        entry = replace(
            self._entries["counter"],
            name="from_file",
            source=ExperimentSource("file", path, "Counter"),
        )
        self._entries[entry.name] = entry
        return (entry,)


class FakeInstances:
    """Implements ``InstanceStore``."""

    def __init__(self, service: FakeService) -> None:
        self._service = service
        self._instances: dict[UUID, Instance] = {}

    def create(
        self, experiment: str, name: str, description: str, configuration: dict[str, Any]
    ) -> Instance:
        """See the port."""
        now = self._service.now()
        instance = Instance(
            id=uuid4(),
            experiment=experiment,
            name=name,
            description=description,
            configuration=configuration,
            created_at=now,
            updated_at=now,
            revision=1,
        )
        self._instances[instance.id] = instance
        return instance

    def get(self, instance_id: UUID) -> Instance:
        """See the port."""
        self._service.check()
        if instance_id not in self._instances:
            raise InstanceNotFound(f"there is no instance {instance_id}", id=str(instance_id))
        return self._with_stats(self._instances[instance_id])

    def list(self, limit: int, cursor: str | None) -> Page[Instance]:
        """See the port."""
        self._service.check()
        newest = sorted(self._instances.values(), key=lambda item: item.created_at, reverse=True)
        return _page([self._with_stats(instance) for instance in newest], limit, cursor)

    def update(
        self, instance_id: UUID, changes: dict[str, Any], expected_revision: int | None
    ) -> Instance:
        """See the port."""
        present = self.get(instance_id)
        if expected_revision is not None and expected_revision != present.revision:
            raise RevisionMismatch("the instance was changed meanwhile", revision=present.revision)
        changed = replace(
            self._instances[instance_id],
            **changes,
            revision=present.revision + 1,
            updated_at=self._service.now(),
        )
        self._instances[instance_id] = changed
        return self._with_stats(changed)

    def delete(self, instance_id: UUID) -> tuple[UUID, ...]:
        """See the port."""
        self.get(instance_id)
        runs = [run for run in self._service.runs.values() if run.instance_id == instance_id]
        if any(not run.status.is_final for run in runs):
            raise InstanceIsActive("a run of the instance has not ended")
        del self._instances[instance_id]
        return tuple(run.id for run in runs)

    def _with_stats(self, instance: Instance) -> Instance:
        runs = [run for run in self._service.runs.values() if run.instance_id == instance.id]
        if not runs:
            return instance
        return replace(
            instance,
            stats=InstanceStats(
                run_count=len(runs),
                last_run_at=runs[-1].created_at,
                last_run_status=runs[-1].status,
                recent_runs=tuple(
                    RecentRun(run.id, run.status, run.started_at, run.finished_at)
                    for run in runs[-20:]
                ),
            ),
        )


class FakeRuns:
    """Implements the reading half of ``RunStore``, and ``delete``."""

    def __init__(self, service: FakeService) -> None:
        self._service = service

    def get(self, run_id: UUID) -> Run:
        """See the port."""
        self._service.check()
        if run_id not in self._service.runs:
            raise RunNotFound(f"there is no run {run_id}", id=str(run_id))
        return self._service.runs[run_id]

    def list(self, which: RunFilter, limit: int, cursor: str | None) -> Page[Run]:
        """See the port."""
        self._service.check()
        found = [
            run
            for run in reversed(self._service.runs.values())
            if (not which.statuses or run.status in which.statuses)
            and which.instance_id in (None, run.instance_id)
            and which.experiment in (None, run.experiment)
        ]
        return _page(found, limit, cursor)

    def delete(self, run_id: UUID) -> None:
        """See the port."""
        if not self.get(run_id).status.is_final:
            raise RunIsActive("the run has not ended")
        del self._service.runs[run_id]
        self._service.items.pop(run_id, None)


class FakeItems:
    """Implements the reading half of ``ItemStore``."""

    def __init__(self, service: FakeService) -> None:
        self._service = service

    def after(self, run_id: UUID, seq: int, limit: int) -> list[StoredItem]:
        """See the port."""
        return [item for item in self._all(run_id) if item.seq > seq][:limit]

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
        """See the port."""
        found = [
            item
            for item in self._window(run_id, ItemKind.LOG, after, before)
            if minimum_level is None
            or LEVELS[json.loads(item.json)["level"]] >= LEVELS[minimum_level]
        ]
        if text is not None:
            found = [item for item in found if text in json.loads(item.json)["message"]]
        return found[-limit:] if tail else found[:limit]

    def results(
        self,
        run_id: UUID,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = 50,
        key: str | None = None,
    ) -> list[StoredItem]:
        """See the port."""
        found = self._window(run_id, ItemKind.RESULT, after, before)
        if key is not None:
            found = [item for item in found if json.loads(item.json)["key"] == key]
        return [_previewed(item) for item in found[:limit]]

    def result(self, run_id: UUID, seq: int) -> StoredItem:
        """See the port."""
        for item in self._window(run_id, ItemKind.RESULT, seq - 1, seq + 1):
            return item
        raise ItemNotFound(f"the run has no result {seq}", seq=seq)

    def metrics(
        self, run_id: UUID, *, after: int | None = None, before: int | None = None, limit: int = 50
    ) -> list[StoredItem]:
        """See the port."""
        return self._window(run_id, ItemKind.METRIC, after, before)[:limit]

    def series(
        self, run_id: UUID, name: str, max_points: int
    ) -> list[tuple[int | None, float, str]]:
        """See the port; every point up to ``max_points``, without downsampling."""
        points = []
        for item in self._window(run_id, ItemKind.METRIC, None, None):
            metric = json.loads(item.json)
            if metric["name"] == name:
                points.append((metric["step"], float(metric["value"]), metric["at"]))
        return points[:max_points]

    def _all(self, run_id: UUID) -> list[StoredItem]:
        self._service.check()
        return self._service.items.get(run_id, [])

    def _window(
        self, run_id: UUID, kind: ItemKind, after: int | None, before: int | None
    ) -> list[StoredItem]:
        return [
            item
            for item in self._all(run_id)
            if item.kind is kind
            and (after is None or item.seq > after)
            and (before is None or item.seq < before)
        ]


@dataclass(slots=True)
class FakeStores:
    """Stands in for ``Stores``."""

    instances: FakeInstances
    runs: FakeRuns
    items: FakeItems


@dataclass(slots=True)
class FakeSubscriber:
    """Notes what it is told, and answers each frame with itself."""

    connection: Connection
    frames: list[str | bytes] = field(default_factory=list)
    drained_times: int = 0
    closed_times: int = 0
    refused: list[bytes] = field(default_factory=list)

    def receive(self, frame: str | bytes) -> None:
        """See the port."""
        self.frames.append(frame)
        self.connection.offer([frame.encode() if isinstance(frame, str) else frame])

    def drained(self) -> None:
        """See the port."""
        self.drained_times += 1

    def close(self) -> None:
        """See the port."""
        self.closed_times += 1


class FakeService:
    """Implements ``Service``."""

    def __init__(self) -> None:
        self.fails: BaseException | None = None
        self.runs: dict[UUID, Run] = {}
        self.items: dict[UUID, list[StoredItem]] = {}
        self.subscribers: list[FakeSubscriber] = []
        self.parts = {"database": True, "tree": True}
        self.catalog = FakeCatalog(self)
        self.stores = FakeStores(FakeInstances(self), FakeRuns(self), FakeItems(self))
        self.cancelled_by: list[str] = []
        self._lock = threading.Lock()
        self._ticks = 0

    # --- for tests --------------------------------------------------------------------------

    def check(self) -> None:
        """Raise what a test wants raised."""
        if self.fails is not None:
            raise self.fails

    def now(self) -> datetime:
        """Give a time later than any before."""
        with self._lock:
            self._ticks += 1
            return _START + timedelta(seconds=self._ticks)

    def emit(self, run_id: UUID, kind: ItemKind, **members: Any) -> int:
        """Add an item to a run and give its seq."""
        kept = self.items.setdefault(run_id, [])
        seq = len(kept) + 1
        at = self.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        item = {"seq": seq, "at": at, "attempt": 1, **members}
        kept.append(StoredItem(kind, seq, json.dumps(item, separators=(",", ":")).encode()))
        return seq

    def emit_log(self, run_id: UUID, message: str, level: str = "info", **metadata: Any) -> int:
        """Add a log line."""
        return self.emit(run_id, ItemKind.LOG, level=level, message=message, metadata=metadata)

    def begin(self, run_id: UUID) -> Run:
        """Turn a pending run into a running one."""
        return self._move(run_id, status=RunStatus.RUNNING, started_at=self.now())

    def finish(self, run_id: UUID, status: RunStatus = RunStatus.COMPLETED) -> Run:
        """End a run."""
        reason = (
            {"reason": "returned"} if status is RunStatus.COMPLETED else {"reason": "exception"}
        )
        return self._move(run_id, status=status, finished_at=self.now(), exit=reason)

    def progress(self, run_id: UUID, current: float) -> Run:
        """Give a run a progress."""
        return self._move(run_id, progress=Progress(current, 10, current * 10, "on", self.now()))

    def _move(self, run_id: UUID, **changes: Any) -> Run:
        present = self.runs[run_id]
        moved = replace(present, **changes, revision=present.revision + 1)
        if moved.status is not RunStatus.PENDING:
            moved = replace(moved, queue_position=None)
        self.runs[run_id] = moved
        return moved

    # --- the port ---------------------------------------------------------------------------

    def create_instance(
        self, experiment: str, name: str, description: str, configuration: Any
    ) -> Instance:
        """See the port."""
        self.check()
        valid = self._validated(experiment, configuration)
        return self.stores.instances.create(experiment, name, description, valid)

    def update_instance(
        self, instance_id: UUID, changes: dict[str, Any], expected_revision: int | None
    ) -> Instance:
        """See the port."""
        present = self.stores.instances.get(instance_id)
        if "configuration" in changes:
            valid = self._validated(present.experiment, changes["configuration"])
            changes = {**changes, "configuration": valid}
        return self.stores.instances.update(instance_id, changes, expected_revision)

    def delete_instance(self, instance_id: UUID) -> None:
        """See the port."""
        for run_id in self.stores.instances.delete(instance_id):
            del self.runs[run_id]

    def start_run(self, instance_id: UUID, seed: int | None = None) -> Run:
        """See the port."""
        instance = self.stores.instances.get(instance_id)
        run = Run(
            id=uuid4(),
            instance_id=instance.id,
            instance_name=instance.name,
            experiment=instance.experiment,
            status=RunStatus.PENDING,
            configuration=instance.configuration,
            isolation="process",
            seed=7 if seed is None else seed,
            attempt=1,
            revision=1,
            progress=None,
            counts=Counts(),
            metric_names=(),
            seq=0,
            cancel=None,
            provenance={"athanor": "0"},
            created_at=self.now(),
            started_at=None,
            finished_at=None,
            error=None,
            exit=None,
            owner=uuid4(),
            queue_position=1,
        )
        self.runs[run.id] = run
        return run

    def cancel_run(self, run_id: UUID, by: str) -> bool:
        """See the port."""
        run = self.stores.runs.get(run_id)
        if run.status.is_final:
            raise RunIsFinal(f"the run is {run.status.value} already", status=run.status.value)
        if run.cancel is not None:
            return False
        self.cancelled_by.append(by)
        self._move(run_id, cancel=Cancellation(by=by, asked_at=self.now()))
        return True

    def delete_run(self, run_id: UUID) -> None:
        """See the port."""
        self.stores.runs.delete(run_id)

    def register_file(self, path: str) -> tuple[ExperimentEntry, ...]:
        """See the port."""
        return self.catalog.register_file(path)

    def tree(self) -> dict[str, Any]:
        """See the port."""
        self.check()
        child = {"id": "writer", "path": "writer", "state": "running", "restarts": 2}
        return {
            "id": "root",
            "path": "root",
            "type": "supervisor",
            "state": "running",
            "restarts": 0,
            "children": [{**child, "type": "worker", "children": []}],
        }

    def readiness(self) -> dict[str, bool]:
        """See the port."""
        self.check()
        return dict(self.parts)

    def subscribe(self, connection: Connection) -> FakeSubscriber:
        """See the port."""
        self.check()
        subscriber = FakeSubscriber(connection)
        self.subscribers.append(subscriber)
        return subscriber

    def _validated(self, experiment: str, configuration: Any) -> dict[str, Any]:
        validation = self.catalog.validate(experiment, configuration)
        if not validation.valid:
            raise ValidationFailed(
                f"the configuration is not valid for {experiment}",
                errors=[
                    {**error, "loc": ["configuration", *error["loc"]]}
                    for error in validation.errors
                ],
            )
        valid: dict[str, Any] = validation.configuration
        return valid


def _page(found: Sequence[Any], limit: int, cursor: str | None) -> Page[Any]:
    if cursor is not None and not cursor.isdigit():
        raise InvalidInput("cursor: it was not given by this service", parameter="cursor")
    start = int(cursor or 0)
    rest = found[start:]
    following = str(start + limit) if len(rest) > limit else None
    return Page(items=tuple(rest[:limit]), next_cursor=following)


def _previewed(item: StoredItem) -> StoredItem:
    whole = json.loads(item.json)
    value = json.dumps(whole.pop("value"), separators=(",", ":"))
    if len(value) <= MAX_LIVE_VALUE_BYTES:
        return item
    shown = {**whole, "preview": value[:MAX_PREVIEW_CHARS], "size": len(value)}
    return StoredItem(item.kind, item.seq, json.dumps(shown).encode())
