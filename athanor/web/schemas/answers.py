"""What the API answers. The bytes are made elsewhere; a test holds that they are what is said here."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel

from athanor.domain.experiment import Isolation
from athanor.domain.run import RunStatus

__all__ = [
    "CancelAsked",
    "Error",
    "Experiment",
    "Experiments",
    "Health",
    "Instance",
    "Instances",
    "Logs",
    "MetricPoints",
    "MetricSeries",
    "Metrics",
    "NotReady",
    "Readiness",
    "Result",
    "Results",
    "Run",
    "Runs",
    "Tree",
    "ValidationAnswer",
]

Level = Literal["debug", "info", "warn", "error"]
Number = float | Literal["NaN", "Infinity", "-Infinity"]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ErrorDescription(_Answer):
    """A stable code, a sentence for people, details for programs."""

    code: str
    message: str
    details: dict[str, Any]


class Error(_Answer):
    """The one shape of an error."""

    error: ErrorDescription


class Experiment(_Answer):
    """An experiment; with ``error`` it is known and cannot be used."""

    name: str
    description: str
    version: str | None
    isolation: Isolation
    schema_: dict[str, Any] = Field(
        alias="schema", description="the JSON Schema of its configuration"
    )
    error: str | None


class Experiments(_Answer):
    """Every experiment, by name."""

    items: list[Experiment]
    next_cursor: str | None


class FieldProblem(_Answer):
    """What is wrong with one field; ``loc`` is the way to it."""

    loc: list[str | int]
    message: str
    type: str


class ValidationAnswer(_Answer):
    """Whether a configuration is valid, and what the experiment would see."""

    valid: bool
    errors: list[FieldProblem]
    configuration: Any


class RecentRun(_Answer):
    """One bar of an instance's activity strip."""

    id: UUID
    status: RunStatus
    started_at: str | None
    finished_at: str | None
    duration_s: float | None


class InstanceStats(_Answer):
    """What the runs of an instance come to."""

    run_count: int
    last_run_at: str | None
    last_run_status: RunStatus | None
    recent_runs: list[RecentRun]


class Instance(_Answer):
    """An experiment with a name and a configuration."""

    id: UUID
    experiment: str
    name: str
    description: str
    configuration: dict[str, Any]
    created_at: str
    updated_at: str
    revision: int
    stats: InstanceStats


class Instances(_Answer):
    """A page of instances, newest activity first."""

    items: list[Instance]
    next_cursor: str | None


class Progress(_Answer):
    """How far a run is."""

    current: float | None
    total: float | None
    percent: float | None
    message: str | None
    at: str


class Counts(_Answer):
    """How many items are kept."""

    logs: int
    results: int
    metrics: int
    levels: dict[str, int]


class Cancellation(_Answer):
    """The steps of a cancellation."""

    by: str
    asked_at: str
    terminated_at: str | None
    killed_at: str | None
    leaked: bool


class Queue(_Answer):
    """Where a pending run waits, and what for."""

    position: int
    reason: str


class Attempt(_Answer):
    """One attempt of a run."""

    attempt: int
    started_at: str | None
    finished_at: str | None
    exit: dict[str, Any] | None


class Run(_Answer):
    """One execution of an instance."""

    id: UUID
    instance_id: UUID
    instance_name: str
    experiment: str
    status: RunStatus
    configuration: dict[str, Any]
    isolation: Isolation
    seed: int
    attempt: int
    attempts: list[Attempt]
    revision: int
    progress: Progress | None
    counts: Counts
    metric_names: list[str]
    seq: int
    cancel: Cancellation | None
    queue: Queue | None
    provenance: dict[str, Any]
    created_at: str
    started_at: str | None
    finished_at: str | None
    error: str | None
    exit: dict[str, Any] | None


class Runs(_Answer):
    """A page of runs, the newest first."""

    items: list[Run]
    next_cursor: str | None


class CancelAsked(_Answer):
    """Whether this call changed anything."""

    changed: bool


class Log(_Answer):
    """A log line."""

    seq: int
    at: str
    attempt: int
    level: Level
    message: str
    metadata: dict[str, Any]


class Logs(_Answer):
    """A window of log lines, oldest first."""

    items: list[Log]
    next_cursor: str | None


class Result(_Answer):
    """A result, whole."""

    seq: int
    at: str
    attempt: int
    key: str
    value: Any


class ResultPreview(_Answer):
    """A large result: its beginning and its size in bytes."""

    seq: int
    at: str
    attempt: int
    key: str
    preview: str
    size: int


class Results(_Answer):
    """A window of results, oldest first."""

    items: list[Result | ResultPreview]
    next_cursor: str | None


class MetricPoint(_Answer):
    """One point of a metric."""

    seq: int
    at: str
    attempt: int
    name: str
    step: int | None
    value: Number


class MetricPoints(_Answer):
    """A window of points of all metrics, oldest first."""

    items: list[MetricPoint]
    next_cursor: str | None


class MetricSeries(_Answer):
    """One metric; each point is ``[step, value, at]``."""

    name: str
    points: list[tuple[int | None, Number, str]]


class Metrics(RootModel[MetricPoints | MetricSeries]):
    """Points of all metrics, or one series when a name was given."""


class Tree(_Answer):
    """The supervision tree."""

    tree: dict[str, Any]


class Health(_Answer):
    """The process is alive."""

    status: Literal["ok"]


class Readiness(_Answer):
    """Every part is ready."""

    ready: bool
    parts: dict[str, bool]


class NotReady(Readiness):
    """Some part is not ready."""

    error: ErrorDescription
