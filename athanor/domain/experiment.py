"""What an experiment is: a definition, and code that runs with a context."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_args

from pydantic import BaseModel

from athanor.domain.context import ConfigT, RunContext

__all__ = ["Definition", "Experiment", "Isolation", "experiment"]

Isolation = Literal["process", "thread"]
"""Where an experiment runs: a child process of its own (the default), or a thread of the service."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,99}")


@dataclass(frozen=True, slots=True)
class Definition:
    """What an experiment is called and what it takes.

    ``name`` is the identity of the experiment: 1 to 100 letters, digits, ``_``, ``-`` or ``.``,
    beginning with a letter or ``_``. ``configuration`` is the pydantic model of its configuration.
    Raises ``ValueError`` or ``TypeError`` naming the field when one of them is wrong.
    """

    name: str
    description: str
    configuration: type[BaseModel]
    version: str | None = None
    isolation: Isolation = "process"

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ValueError(
                f"name: {self.name!r} is not a name of 1 to 100 letters, digits, '_', '-' or '.', "
                "beginning with a letter or '_'"
            )
        if not isinstance(self.description, str):
            raise TypeError(f"description: {self.description!r} is not text")
        if not (isinstance(self.configuration, type) and issubclass(self.configuration, BaseModel)):
            raise TypeError(f"configuration: {self.configuration!r} is not a pydantic model class")
        if self.version is not None and not isinstance(self.version, str):
            raise TypeError(f"version: {self.version!r} is neither text nor None")
        if self.isolation not in get_args(Isolation):
            raise ValueError(f"isolation: {self.isolation!r} is neither 'process' nor 'thread'")


class Experiment(ABC, Generic[ConfigT]):
    """Base of an experiment: ``experiment()`` describes it and ``run(ctx)`` does the work."""

    @classmethod
    @abstractmethod
    def experiment(cls) -> Definition:
        """Describe the experiment; called at discovery, so it must be quick and do nothing else."""

    @abstractmethod
    def run(self, ctx: RunContext[ConfigT]) -> None:
        """Do the work. Returning completes the run, raising fails it."""


RunFunction = TypeVar("RunFunction", bound=Callable[[Any], Any])


def experiment(
    *,
    name: str,
    configuration: type[BaseModel],
    description: str | None = None,
    version: str | None = None,
    isolation: Isolation = "process",
) -> Callable[[RunFunction], RunFunction]:
    """Make an experiment of a function that takes the context.

    The description defaults to the first paragraph of the function's docstring. The function
    stays callable as it was; discovery finds it by the class that is attached to it as
    ``__athanor_experiment__``.
    """

    def decorate(function: RunFunction) -> RunFunction:
        text = description
        if text is None:
            text = (function.__doc__ or "").strip().split("\n\n")[0]
        definition = Definition(name, text, configuration, version, isolation)

        class FunctionExperiment(Experiment[Any]):
            """An experiment made of a function by ``@athanor.experiment``."""

            @classmethod
            def experiment(cls) -> Definition:
                return definition

            def run(self, ctx: RunContext[Any]) -> None:
                function(ctx)

        FunctionExperiment.__name__ = FunctionExperiment.__qualname__ = function.__name__
        FunctionExperiment.__module__ = function.__module__
        function.__athanor_experiment__ = FunctionExperiment  # type: ignore[attr-defined] # a mark on a function
        return function

    return decorate
