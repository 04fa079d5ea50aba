"""What supervisors tell the world: log records with structure, and events for whoever subscribes.

Reports are records of the logger ``athanor.supervisor`` that carry ``record.report``, a dict of
``kind, supervisor, context, reason, offender``. Events also tell of what is no error; they feed
the topic ``ops:tree``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from athanor.actors.exits import KILLED, Crashed, ExitReason, describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from athanor.actors.child import Child
    from athanor.actors.life import Life

__all__ = [
    "Context",
    "EventKind",
    "TreeEvent",
    "leaked",
    "leaked_count",
    "path_of",
    "publish",
    "report",
    "subscribe",
]

logger = logging.getLogger("athanor.supervisor")

Context: TypeAlias = Literal["child_terminated", "start_error", "shutdown", "shutdown_error"]
EventKind: TypeAlias = Literal[
    "actor_started", "actor_exited", "actor_restarted", "supervisor_gave_up", "policy_changed"
]


@dataclass(frozen=True, slots=True)
class TreeEvent:
    """Something that happened in the tree; ``at`` is seconds since the epoch.

    ``reason`` is the exit reason itself; ``details`` has only values that JSON has.
    """

    event: EventKind
    path: str
    at: float
    reason: ExitReason = None
    details: Mapping[str, Any] = field(default_factory=dict)


Subscriber: TypeAlias = Callable[[TreeEvent], object]

_subscribers: list[Subscriber] = []
_leaks = [0]


def subscribe(callback: Subscriber) -> Callable[[], None]:
    """Have ``callback`` called with every ``TreeEvent`` of this process; returns how to end that.

    It is called in the supervisor that the event is about, so it must be quick and must not ask
    anything; what it raises is logged.
    """
    _subscribers.append(callback)

    def unsubscribe() -> None:
        if callback in _subscribers:
            _subscribers.remove(callback)

    return unsubscribe


def publish(event: EventKind, path: str, reason: ExitReason = None, **details: Any) -> None:
    """Tell the subscribers."""
    if not _subscribers:
        return
    told = TreeEvent(event, path, time.time(), reason, details)
    for subscriber in _subscribers[:]:
        try:
            subscriber(told)
        except Exception:
            logger.exception("a subscriber to the tree's events failed")


def path_of(life: Life) -> str:
    """Return the ids from below the root down to a process, joined by dots; the root is ``root``."""
    ids: list[str] = []
    place: Child | None = life.place
    while place is not None:
        ids.append(str(place.spec.id))
        place = place.supervisor.place
    return ".".join(reversed(ids)) or "root"


def child_path(child: Child) -> str:
    """Return the path of a child, running or not."""
    above = path_of(child.supervisor)
    return str(child.spec.id) if above == "root" else f"{above}.{child.spec.id}"


def report(
    context: Context, supervisor: Life, child: Child, reason: ExitReason, ref: Any = None
) -> None:
    """Log one report about a child of ``supervisor``."""
    _log(context, context, supervisor, child, reason, ref)


def leaked(life: Life) -> None:
    """Log that a process ignored its kill and was fenced off, and count it."""
    _leaks[0] += 1
    child: Child | None = life.place
    _log(
        "leaked",
        "shutdown_error",
        child.supervisor if child is not None else None,
        child,
        KILLED,
        life.ref,
    )


def start_leaked(child: Child) -> None:
    """Log that a start ignored its cancellation; what it brings will be killed when it comes."""
    _leaks[0] += 1
    _log("leaked", "shutdown_error", child.supervisor, child, KILLED, None)


def leaked_count() -> int:
    """Return how many processes and starts this interpreter has given up as leaked."""
    return _leaks[0]


def _log(
    kind: str,
    context: Context,
    supervisor: Life | None,
    child: Child | None,
    reason: ExitReason,
    ref: Any,
) -> None:
    offender = {
        "id": child.spec.id if child else None,
        "ref": ref,
        "restart": child.spec.restart if child else None,
        "shutdown": child.spec.shutdown if child else None,
        "type": child.spec.type if child else None,
    }
    content = {
        "kind": kind,
        "supervisor": _identity(supervisor),
        "context": context,
        "reason": reason,
        "offender": offender,
    }
    logger.error(
        "%s: %s of %s: %s",
        content["supervisor"],
        kind,
        offender["id"] if child else ref,
        describe(reason),
        exc_info=reason.exception if isinstance(reason, Crashed) else None,
        extra={"report": content},
    )


def _identity(supervisor: Life | None) -> Any:
    """Return the name of a supervisor if it has one, else its ref."""
    if supervisor is None:
        return None
    return supervisor.names[0] if supervisor.names else supervisor.ref
