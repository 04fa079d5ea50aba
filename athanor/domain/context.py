"""The context that a run of an experiment works with: the whole of what an experiment may call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar
from uuid import UUID

from pydantic import BaseModel

__all__ = ["Cancelled", "ConfigT", "InstanceSnapshot", "RunContext", "RunSnapshot"]

ConfigT = TypeVar("ConfigT", bound=BaseModel)
T = TypeVar("T")


class Cancelled(BaseException):
    """Raised inside an experiment when its run was asked to stop.

    A ``BaseException``, so that ``except Exception`` around a model call does not swallow it.
    """


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """What a run knows of itself; ``seed`` is an integer from 0 up to 2**63 - 1."""

    id: UUID
    experiment: str
    attempt: int
    seed: int


@dataclass(frozen=True, slots=True)
class InstanceSnapshot:
    """The instance that a run executes, as it was when the run was created."""

    id: UUID
    name: str


class RunContext(ABC, Generic[ConfigT]):
    """What an experiment's ``run`` is given. Every method may be called from several threads.

    A call of ``log``, ``result`` or ``metric`` that has returned is kept: it is in the run's
    journal and reaches the database through a crash of the service. A value that cannot be
    encoded never fails the run: it is replaced, with a warning in the run's log.
    """

    config: ConfigT
    run: RunSnapshot
    instance: InstanceSnapshot
    directory: Path

    @abstractmethod
    def log(self, level: str, message: object, /, **metadata: Any) -> None:
        """Keep one log line; ``level`` is ``debug``, ``info``, ``warn`` (or ``warning``) or ``error``.

        Raises ``ValueError`` for another level.
        """

    @abstractmethod
    def log_batch(self, entries: Iterable[tuple[str, object, dict[str, Any] | None]]) -> None:
        """Keep many log lines, ``(level, message, metadata)`` each, in one write."""

    def debug(self, message: object, /, **metadata: Any) -> None:
        """Keep a log line of level ``debug``."""
        self.log("debug", message, **metadata)

    def info(self, message: object, /, **metadata: Any) -> None:
        """Keep a log line of level ``info``."""
        self.log("info", message, **metadata)

    def warning(self, message: object, /, **metadata: Any) -> None:
        """Keep a log line of level ``warn``."""
        self.log("warn", message, **metadata)

    def error(self, message: object, /, **metadata: Any) -> None:
        """Keep a log line of level ``error``."""
        self.log("error", message, **metadata)

    @abstractmethod
    def result(self, key: str, value: Any) -> None:
        """Keep a result: any JSON-able value, also dataclasses, pydantic models, numpy and datetimes."""

    @abstractmethod
    def metric(self, name: str, value: float, step: int | None = None) -> None:
        """Keep one point of a numeric series; NaN and infinities are kept as they are."""

    @abstractmethod
    def progress(self, current: float, total: float | None, message: str | None = None) -> None:
        """Say how far the run is; only the last one is held."""

    @abstractmethod
    def track(
        self, iterable: Iterable[T], message: str | None = None, total: int | None = None
    ) -> Iterator[T]:
        """Iterate with progress, and raise ``Cancelled`` at the first step after the request."""

    @property
    @abstractmethod
    def cancelled(self) -> bool:
        """True once cancellation was asked for."""

    @abstractmethod
    def raise_if_cancelled(self) -> None:
        """Raise ``Cancelled`` once cancellation was asked for."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Sleep, and raise ``Cancelled`` at once when asked to stop meanwhile."""

    @abstractmethod
    def complete(self) -> NoReturn:
        """End the run now, as completed."""

    @abstractmethod
    def fail(self, error: object) -> NoReturn:
        """End the run now, as failed with this error."""
