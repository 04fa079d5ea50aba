"""Actors, clocks and waiting for tests of the kernel and of what is built on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from athanor.actors.process import Exit, Process
from athanor.actors.supervisor import ChildSpec, which_children
from athanor.domain.errors import AthanorError

__all__ = ["Expected", "ManualClock", "Plan", "Worker", "child", "eventually", "spec"]


T = TypeVar("T")


class Expected(AthanorError):
    """An error that is an answer."""


def eventually(condition: Callable[[], T], timeout_s: float = 5.0) -> T:
    """Return the first truthy value of ``condition``; AssertionError when there is none in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} seconds: {condition}")
        time.sleep(0.002)


class ManualClock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Plan:
    """What the next starts of a worker do: "ok", or an exception to raise; "ok" when used up."""

    def __init__(self, *steps: Any) -> None:
        self.steps = list(steps)
        self.starts = 0

    def follow(self) -> None:
        """Do the next step."""
        self.starts += 1
        step = self.steps.pop(0) if self.steps else "ok"
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            step()


class Worker(Process):
    """Does what it is told; writes what happens to it into ``diary`` as (key, event)."""

    def __init__(
        self,
        key: str = "w",
        diary: list[tuple[str, str]] | None = None,
        plan: Plan | None = None,
        on_stop: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self.key = key
        self.diary = diary if diary is not None else []
        self.plan = plan
        self.when_stopped = on_stop

    def on_start(self) -> None:
        if self.plan is not None:
            self.plan.follow()
        self.diary.append((self.key, "start"))

    def on_stop(self) -> None:
        self.diary.append((self.key, "stop"))
        if self.when_stopped is not None:
            self.when_stopped()

    def on_failure(self, *_details: Any) -> None:
        self.diary.append((self.key, "failure"))

    def on_receive(self, message: Any) -> Any:
        match message:
            case BaseException():
                raise message.with_traceback(None)
            case ("exit", reason):
                raise Exit(reason)
            case ("wait", threading.Event() as gate):
                gate.wait(10)
            case ("call", function):
                return function(self)
            case "stop":
                self.stop()
            case _:
                self.diary.append((self.key, str(message)))
        return message


def spec(
    key: str = "w", *, diary: Any = None, plan: Plan | None = None, **fields: Any
) -> ChildSpec:
    """Return the spec of a ``Worker``."""
    on_stop = fields.pop("on_stop", None)
    kwargs = {"key": key, "diary": diary, "plan": plan, "on_stop": on_stop}
    return ChildSpec(id=key, start=Worker, kwargs=kwargs, **fields)


def child(supervisor: Any, key: Any) -> Any:
    """Return the ref of a child, RESTARTING or None; KeyError when there is no such child."""
    return {found: ref for found, ref, _ in which_children(supervisor)}[key]
