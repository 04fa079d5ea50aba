"""The surface of supervision: supervisors, child specs, and what can be asked of them.

Semantics are OTP's. Every function takes the ref that ``start_link`` returned, or a name; one that
addresses a stopped supervisor raises ``NoProcess`` at once and never hangs. Refusals are the
exceptions of ``athanor.actors.refusals``.
"""

from __future__ import annotations

from typing import Any

from athanor.actors.child import RESTARTING
from athanor.actors.child_spec import ChildSpec
from athanor.actors.control import kill, life_of, monitor, stop, wait
from athanor.actors.dynamic_supervisor import DynamicSupervisor
from athanor.actors.exits import KILLED, NORMAL, SHUTDOWN, Crashed, Exit, Shutdown
from athanor.actors.names import ProcessRefOrName, whereis
from athanor.actors.process import Process
from athanor.actors.refusals import (
    AlreadyPresent,
    AlreadyStarted,
    MaxChildren,
    NoProcess,
    NotFound,
    Refusal,
    Restarting,
    StartError,
    StillRunning,
)
from athanor.actors.static_supervisor import Supervisor
from athanor.actors.supervising import ChildCounts, SupervisingProcess
from athanor.actors.supervisor_messages import (
    ChangeChildPolicy,
    ChangePolicy,
    CountChildren,
    DeleteChild,
    GetChildSpec,
    Refused,
    RestartChild,
    StartChild,
    TerminateChild,
    WhichChildren,
)

__all__ = [
    "KILLED",
    "NORMAL",
    "RESTARTING",
    "SHUTDOWN",
    "AlreadyPresent",
    "AlreadyStarted",
    "ChildCounts",
    "ChildSpec",
    "Crashed",
    "DynamicSupervisor",
    "Exit",
    "MaxChildren",
    "NoProcess",
    "NotFound",
    "Process",
    "Refusal",
    "Restarting",
    "Shutdown",
    "StartError",
    "StillRunning",
    "Supervisor",
    "change_child_policy",
    "change_policy",
    "count_children",
    "delete_child",
    "get_childspec",
    "kill",
    "monitor",
    "restart_child",
    "start_child",
    "stop",
    "terminate_child",
    "wait",
    "whereis",
    "which_children",
]


def start_child(supervisor: ProcessRefOrName, spec: ChildSpec, timeout: float | None = None) -> Any:
    """Add a child and start it; returns its ref, None when it said "ignore".

    ``AlreadyStarted(ref)``, ``AlreadyPresent``, ``MaxChildren``, or ``StartError`` and the spec is
    forgotten. A start that takes longer than ``timeout`` seconds is cancelled and has failed.
    """
    if not isinstance(spec, ChildSpec):
        raise ValueError(f"spec must be a ChildSpec, not {spec!r}")  # noqa: TRY004 - the contract
    return _ask(supervisor, StartChild(spec, timeout))


def terminate_child(supervisor: ProcessRefOrName, child: Any) -> None:
    """Stop a child, or its pending restart; ``NotFound``. Not counted, and idempotent.

    ``child`` is the id, for a dynamic supervisor the ref. A temporary child is forgotten.
    """
    _ask(supervisor, TerminateChild(child))


def restart_child(supervisor: ProcessRefOrName, child_id: Any) -> Any:
    """Start a stopped child again; returns its ref.

    ``StillRunning``, ``Restarting``, ``NotFound``, or ``StartError`` and the spec is kept.
    """
    return _ask(supervisor, RestartChild(child_id))


def delete_child(supervisor: ProcessRefOrName, child_id: Any) -> None:
    """Forget a stopped child; ``StillRunning``, ``Restarting``, ``NotFound``."""
    _ask(supervisor, DeleteChild(child_id))


def which_children(supervisor: ProcessRefOrName) -> list[tuple[Any, Any, str]]:
    """Return ``(id, ref or RESTARTING or None, type)`` of each child, the newest first."""
    children: list[tuple[Any, Any, str]] = _ask(supervisor, WhichChildren())
    return children


def count_children(supervisor: ProcessRefOrName) -> ChildCounts:
    """Return how many ``specs``, ``active`` children, ``supervisors`` and ``workers`` there are."""
    counts: ChildCounts = _ask(supervisor, CountChildren())
    return counts


def get_childspec(supervisor: ProcessRefOrName, child: Any) -> ChildSpec:
    """Return the spec of a child; ``NotFound``."""
    spec: ChildSpec = _ask(supervisor, GetChildSpec(child))
    return spec


def change_policy(supervisor: ProcessRefOrName, **changes: Any) -> None:
    """Change ``strategy``, ``max_restarts``, ``max_seconds``, ``backoff`` from now on.

    ``ValueError`` naming the field, and then nothing has changed.
    """
    _ask(supervisor, ChangePolicy(changes))


def change_child_policy(supervisor: ProcessRefOrName, child: Any, **changes: Any) -> None:
    """Change ``restart`` or ``shutdown`` of a child from now on; ``ValueError``, ``NotFound``."""
    _ask(supervisor, ChangeChildPolicy(child, changes))


def _ask(supervisor: ProcessRefOrName, message: Any) -> Any:
    life = life_of(supervisor)
    if not issubclass(life.ref.actor_class, SupervisingProcess):
        raise TypeError(f"{life.ref} is no supervisor")
    answer = life.ref.ask(message)
    if isinstance(answer, Refused):
        raise answer.refusal
    return answer
