"""The supervision tree as it is now, read without asking anybody.

Everything here is read from what processes and supervisors publish about themselves, so a busy, a
stuck or a dead actor does not delay it. It is a picture, not a transaction: while it is taken, the
tree lives on. Paths are ids joined by dots, from below the root; the root itself is ``root``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from athanor.actors.child import Child, ChildState
from athanor.actors.control import life_of
from athanor.actors.exits import describe
from athanor.actors.life import Life
from athanor.actors.refusals import NotFound
from athanor.actors.supervising import SupervisingProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from athanor.actors.names import ProcessRefOrName
    from athanor.actors.process import ProcessRef

__all__ = ["ActorNode", "Located", "ShownPolicy", "locate", "tree", "walk"]


@dataclass(frozen=True, slots=True)
class ShownPolicy:
    """The policy of an actor; what does not apply to it is None.

    ``strategy``, ``max_restarts`` and ``max_seconds`` are a supervisor's own, ``restart`` and
    ``shutdown`` come from the spec of a child, so the root has none.
    """

    strategy: str | None = None
    max_restarts: int | None = None
    max_seconds: float | None = None
    max_children: int | None = None
    restart: str | None = None
    shutdown: float | str | None = None


@dataclass(frozen=True, slots=True)
class ActorNode:
    """One actor; durations are in seconds, ``started_at`` is on the monotonic clock.

    ``state`` is ``starting``, ``running``, ``stopping``, ``exiting``, ``restarting``, ``stopped``
    or ``exited``. A child without an incarnation has no urn and no times.
    """

    id: str
    path: str
    type: str
    actor: str | None
    name: str | None
    urn: str | None
    state: str
    incarnation: int
    restarts: int
    started_at: float | None
    uptime_s: float | None
    inbox: int
    oldest_message_s: float | None
    handler_s: float | None
    last_exit: str | None
    policy: ShownPolicy
    children: tuple[ActorNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Located:
    """Where a path leads: the child's supervisor, its key there (id or ref), its present ref."""

    supervisor: ProcessRef[Any]
    key: Any
    ref: ProcessRef[Any] | None
    node: ActorNode


def tree(root: ProcessRefOrName) -> ActorNode:
    """Return the tree below and with ``root``; never blocks."""
    life = life_of(root)
    return _node(life, None, "root", time.monotonic())


def walk(node: ActorNode) -> Iterator[ActorNode]:
    """Yield a node and all below it, parents first."""
    yield node
    for child in node.children:
        yield from walk(child)


def locate(root: ProcessRefOrName, path: str) -> Located:
    """Find the child at ``path`` below ``root``; ``NotFound``. The root itself is no child."""
    found = _search(life_of(root), "", path)
    if found is None:
        raise NotFound(f"there is no actor {path!r}")
    child = found
    is_dynamic = not _has_ids(child.supervisor)
    life = child.life
    last = child.last_life
    return Located(
        supervisor=child.supervisor.ref,
        key=last.ref if is_dynamic and last is not None else child.spec.id,
        ref=life.ref if life is not None else None,
        node=_node(life, child, path, time.monotonic()),
    )


def _search(supervisor: Life, above: str, path: str) -> Child | None:
    for child in _children_of(supervisor):
        here = f"{above}{child.spec.id}"
        if here == path:
            return child
        if path.startswith(f"{here}.") and child.life is not None:
            found = _search(child.life, f"{here}.", path)
            if found is not None:
                return found
    return None


def _children_of(life: Life) -> list[Child]:
    process = life.process
    return process.children() if isinstance(process, SupervisingProcess) else []


def _has_ids(life: Life) -> bool:
    process = life.process
    return isinstance(process, SupervisingProcess) and process.has_groups


def _node(life: Life | None, child: Child | None, path: str, now: float) -> ActorNode:
    process = life.process if life is not None else None
    is_supervisor = isinstance(process, SupervisingProcess)
    child_type = (
        child.spec.type if child is not None else "supervisor" if is_supervisor else "worker"
    )
    above = "" if path == "root" else f"{path}."
    children = _children_of(life) if life is not None else []
    handling_since = life.handling_since if life is not None else None
    oldest_at = life.inbox.oldest_at() if life is not None else None
    last = child.last_exit if child is not None else None
    return ActorNode(
        id=str(child.spec.id) if child is not None else path,
        path=path,
        type=child_type,
        actor=life.ref.actor_class.__name__ if life is not None else None,
        name=str(life.names[0]) if life is not None and life.names else None,
        urn=life.ref.actor_urn if life is not None else None,
        state=_state(life, child),
        incarnation=child.incarnation if child is not None else 1,
        restarts=child.restarts if child is not None else 0,
        started_at=life.started_at if life is not None else None,
        uptime_s=now - life.started_at if life is not None else None,
        inbox=len(life.inbox) if life is not None else 0,
        oldest_message_s=now - oldest_at if oldest_at is not None else None,
        handler_s=now - handling_since if handling_since is not None else None,
        last_exit=describe(last) if last is not None else None,
        policy=_policy(process, child),
        children=tuple(_node(c.life, c, f"{above}{c.spec.id}", now) for c in children),
    )


def _state(life: Life | None, child: Child | None) -> str:
    if life is not None:
        return life.phase.value
    return child.state.value if child is not None else ChildState.STOPPED.value


def _policy(process: Any, child: Child | None) -> ShownPolicy:
    spec = child.spec if child is not None else None
    restart = spec.restart if spec is not None else None
    shutdown = spec.shutdown if spec is not None else None
    if not isinstance(process, SupervisingProcess):
        return ShownPolicy(restart=restart, shutdown=shutdown)
    limit = process.intensity.limit
    return ShownPolicy(
        strategy=process.strategy,
        max_restarts=limit.max_restarts,
        max_seconds=limit.max_seconds,
        max_children=getattr(process, "max_children", None),
        restart=restart,
        shutdown=shutdown,
    )
