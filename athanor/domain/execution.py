"""What passes between the actors and the place where experiment code runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from athanor.domain.experiment import Isolation
from athanor.domain.run import Outcome

__all__ = [
    "ExecutionSpec",
    "ExperimentEntry",
    "ExperimentSource",
    "JournalItem",
    "JournalSlice",
    "LogItem",
    "MetricItem",
    "ResultItem",
    "Validation",
]


@dataclass(frozen=True, slots=True)
class ExperimentSource:
    """Where an experiment is imported from.

    ``kind`` ``module``: ``location`` is an importable module. ``kind`` ``file``: ``location`` is the
    absolute path of a ``.py`` file. ``attribute`` is the name of the class or function in it.
    """

    kind: Literal["module", "file"]
    location: str
    attribute: str


@dataclass(frozen=True, slots=True)
class ExperimentEntry:
    """An experiment as the catalogue lists it; with ``error`` it is known and cannot be used."""

    name: str
    description: str
    version: str | None
    isolation: Isolation
    schema: dict[str, Any]
    source: ExperimentSource
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """The answer to a configuration: its errors, or itself with the defaults filled in.

    Each error is ``{"loc": [...], "message": str, "type": str}``, ``loc`` relative to the
    configuration. ``configuration`` is what the experiment would see, as JSON; the input as it
    came while there are errors.
    """

    errors: tuple[dict[str, Any], ...]
    configuration: Any

    @property
    def valid(self) -> bool:
        """True when there are no errors."""
        return not self.errors


@dataclass(frozen=True, slots=True)
class ExecutionSpec:
    """All that an execution needs to know; plain data, so that a child can be told by JSON."""

    run_id: UUID
    instance_id: UUID
    instance_name: str
    experiment: str
    source: ExperimentSource
    configuration: dict[str, Any]
    isolation: Isolation
    seed: int
    attempt: int


@dataclass(slots=True)
class LogItem:
    """A log line read from a journal.

    ``at`` is ISO 8601 UTC with microseconds and ``Z``, ``metadata`` the bytes of a JSON object,
    ``line`` the whole JSON object as the page receives it, less its ``seq``.
    """

    at: str
    level: str
    message: str
    metadata: bytes
    line: bytes


@dataclass(slots=True)
class ResultItem:
    """A result read from a journal; ``value`` is the bytes of a JSON value."""

    at: str
    key: str
    value: bytes
    line: bytes


@dataclass(slots=True)
class MetricItem:
    """A point of a metric read from a journal; ``value`` may be NaN or infinite."""

    at: str
    name: str
    value: float
    step: int | None
    line: bytes


JournalItem = LogItem | ResultItem | MetricItem


@dataclass(slots=True)
class JournalSlice:
    """Whole lines of one attempt's journal, from byte ``from_offset`` up to ``to_offset``.

    Every line that is kept gives exactly one item, so the same bytes always give the same
    numbers. ``outcome`` is set by a slice that holds the ``end`` line.
    """

    from_offset: int
    to_offset: int
    items: list[JournalItem] = field(default_factory=list)
    outcome: Outcome | None = None
