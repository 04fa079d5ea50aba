"""How a child is started, restarted and stopped: the child spec, validated when it is made."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from athanor.actors.process import Process

__all__ = [
    "ChildSpec",
    "ChildType",
    "Restart",
    "ShutdownTime",
    "check_children",
    "check_choice",
    "check_clock",
    "check_integer",
    "check_seconds",
]

Restart: TypeAlias = Literal["permanent", "transient", "temporary"]
ChildType: TypeAlias = Literal["worker", "supervisor"]
ShutdownTime: TypeAlias = float | Literal["brutal_kill", "infinity"]

_WORKER_SHUTDOWN_S = 5.0


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A child of a supervisor; a wrong field is a ``ValueError`` that names it.

    ``start`` is a ``Process`` class, or a callable that returns the ref of a process that it
    started, None for "ignore"; it is called with ``args`` and ``kwargs``. ``shutdown`` is in
    seconds, ``"brutal_kill"`` or ``"infinity"``; left out, it is 5 seconds for a worker and
    infinity for a supervisor. ``id`` is unique in its supervisor; a dynamic one ignores it.
    """

    id: Hashable = None
    start: type[Process] | Callable[..., Any] = None  # type: ignore[assignment]  # refused below
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    restart: Restart = "permanent"
    shutdown: ShutdownTime = None  # type: ignore[assignment]  # replaced below
    type: ChildType = "worker"

    def __post_init__(self) -> None:
        try:
            hash(self.id)
        except TypeError:
            raise ValueError(f"id must be hashable, not {self.id!r}") from None
        if not callable(self.start):
            raise ValueError(  # noqa: TRY004 - the contract
                f"start must be a Process class or a callable, not {self.start!r}"
            )
        if isinstance(self.start, type) and not issubclass(self.start, Process):
            raise ValueError(  # noqa: TRY004 - the contract
                f"start must be a Process class, not {self.start!r}"
            )
        if not isinstance(self.args, tuple | list):
            raise ValueError(  # noqa: TRY004 - the contract
                f"args must be a tuple, not {self.args!r}"
            )
        if not isinstance(self.kwargs, Mapping) or not all(isinstance(k, str) for k in self.kwargs):
            raise ValueError(f"kwargs must be a mapping with names as keys, not {self.kwargs!r}")
        check_choice("restart", self.restart, get_args(Restart))
        check_choice("type", self.type, get_args(ChildType))
        object.__setattr__(self, "args", tuple(self.args))
        object.__setattr__(self, "kwargs", dict(self.kwargs))
        object.__setattr__(self, "shutdown", _shutdown(self.shutdown, self.type))


def _shutdown(value: Any, child_type: ChildType) -> ShutdownTime:
    if value is None:
        return "infinity" if child_type == "supervisor" else _WORKER_SHUTDOWN_S
    if value in ("brutal_kill", "infinity"):
        return value  # type: ignore[no-any-return]  # one of the two literals
    if _is_number(value) and value >= 0:
        return "infinity" if math.isinf(value) else float(value)
    raise ValueError(f'shutdown must be seconds >= 0, "brutal_kill" or "infinity", not {value!r}')


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raise ``ValueError`` naming the field unless ``value`` is one of ``choices``."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def check_integer(name: str, value: Any) -> int:
    """Return ``value`` if it is an integer >= 0; ``ValueError`` naming the field otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} must be an integer >= 0, not {value!r}")
    return value


def check_seconds(name: str, value: Any) -> float:
    """Return ``value`` if it is a number > 0; ``ValueError`` naming the field otherwise."""
    if not _is_number(value) or value <= 0:
        raise ValueError(f"{name} must be a number of seconds > 0, not {value!r}")
    return value  # type: ignore[no-any-return]  # checked to be a number


def check_clock(value: Any) -> Callable[[], float]:
    """Return ``value`` if it can be called; ``ValueError`` naming the field otherwise."""
    if not callable(value):
        raise ValueError(  # noqa: TRY004 - the contract
            f"clock must be a function that returns seconds, not {value!r}"
        )
    return value  # type: ignore[no-any-return]  # what it returns cannot be checked here


def check_children(children: Any) -> tuple[ChildSpec, ...]:
    """Return the specs of a static supervisor if they are specs with ids that differ."""
    if isinstance(children, str | Mapping) or not isinstance(children, Iterable):
        raise ValueError(  # noqa: TRY004 - the contract
            f"children must be a list of ChildSpec, not {children!r}"
        )
    specs = tuple(children)
    seen: set[Hashable] = set()
    for spec in specs:
        if not isinstance(spec, ChildSpec):
            raise ValueError(  # noqa: TRY004 - the contract
                f"children must be ChildSpec, not {spec!r}"
            )
        if spec.id is None:
            raise ValueError(f"id must be given for a child of {spec.start!r}")
        if spec.id in seen:
            raise ValueError(f"id {spec.id!r} is given to two children")
        seen.add(spec.id)
    return specs
