"""A run context that keeps what an experiment emits, for tests without a service; its fixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from uuid import UUID

import pytest
from substrate_shift.configuration import Configuration
from substrate_shift.experiment import SubstrateShift

from athanor import Cancelled, InstanceSnapshot, RunContext, RunSnapshot

T = TypeVar("T")


class RecordingContext(RunContext[Configuration]):
    """Keeps logs, results, metrics and progress; ``cancel_when`` is asked at each check."""

    def __init__(
        self,
        config: Configuration,
        *,
        seed: int = 7,
        cancel_when: Callable[[RecordingContext], bool] = lambda _: False,
    ) -> None:
        self.config = config
        self.run = RunSnapshot(id=UUID(int=1), experiment="substrate_shift", attempt=1, seed=seed)
        self.instance = InstanceSnapshot(id=UUID(int=2), name="test")
        self.directory = Path()
        self.logs: list[tuple[str, str, dict[str, Any]]] = []
        self.results: list[tuple[str, Any]] = []
        self.metrics: list[tuple[str, float, int | None]] = []
        self.progressed: list[tuple[float, float | None]] = []
        self._cancel_when = cancel_when

    def log(self, level: str, message: object, /, **metadata: Any) -> None:
        self.logs.append((level, str(message), metadata))

    def log_batch(self, entries: Iterable[tuple[str, object, dict[str, Any] | None]]) -> None:
        for level, message, metadata in entries:
            self.log(level, message, **(metadata or {}))

    def result(self, key: str, value: Any) -> None:
        self.results.append((key, value))

    def metric(self, name: str, value: float, step: int | None = None) -> None:
        self.metrics.append((name, value, step))

    def progress(self, current: float, total: float | None, message: str | None = None) -> None:
        del message
        self.progressed.append((current, total))

    def track(
        self, iterable: Iterable[T], message: str | None = None, total: int | None = None
    ) -> Iterator[T]:
        for done, item in enumerate(iterable, start=1):
            self.raise_if_cancelled()
            yield item
            self.progress(done, total, message)

    @property
    def cancelled(self) -> bool:
        return self._cancel_when(self)

    def raise_if_cancelled(self) -> None:
        if self.cancelled:
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        del seconds
        self.raise_if_cancelled()

    def complete(self) -> NoReturn:
        raise NotImplementedError

    def fail(self, error: object) -> NoReturn:
        raise NotImplementedError(error)


@pytest.fixture
def recording_context() -> type[RecordingContext]:
    """Give the class of the context, for tests that want to cancel."""
    return RecordingContext


@pytest.fixture
def record_run() -> Callable[..., RecordingContext]:
    """Give a function that runs the experiment on a configuration and returns the context."""

    def run(configuration: dict[str, Any], *, seed: int = 7) -> RecordingContext:
        ctx = RecordingContext(Configuration.model_validate(configuration), seed=seed)
        SubstrateShift().run(ctx)
        return ctx

    return run
