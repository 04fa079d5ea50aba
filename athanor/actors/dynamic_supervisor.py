"""The supervisor whose children come and go, each with a spec of its own, known by their refs.

Started by ``DynamicSupervisor.start_link``, without children. A crash loses the children and their
specs: whoever asked for them asks again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from athanor.actors.child import Child
from athanor.actors.child_spec import ChildSpec, check_clock, check_integer
from athanor.actors.intensity import Backoff, RestartLimit, check_backoff
from athanor.actors.policies import change_child_policy, change_policy
from athanor.actors.refusals import MaxChildren
from athanor.actors.supervising import SupervisingProcess
from athanor.actors.supervisor_messages import (
    ChangeChildPolicy,
    ChangePolicy,
    DeleteChild,
    RestartChild,
    StartChild,
    TerminateChild,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from athanor.actors.process import ProcessRef

__all__ = ["DynamicSupervisor"]


class DynamicSupervisor(SupervisingProcess):
    """Starts children on request, keeps each running by itself, stops them all at once."""

    strategy = "one_for_one"

    def __init__(
        self,
        *,
        max_restarts: int = 3,
        max_seconds: float = 5.0,
        max_children: int | None = None,
        name: Hashable | None = None,
        clock: Callable[[], float] = time.monotonic,
        backoff: Backoff = None,
    ) -> None:
        limit = RestartLimit(max_restarts, max_seconds)
        super().__init__(limit, name=name, clock=check_clock(clock), backoff=check_backoff(backoff))
        self.max_children = check_max_children(max_children)
        self._children: dict[int, Child] = {}

    @classmethod
    def start_link(
        cls,
        *,
        max_restarts: int = 3,
        max_seconds: float = 5.0,
        max_children: int | None = None,
        name: Hashable | None = None,
        clock: Callable[[], float] = time.monotonic,
        backoff: Backoff = None,
    ) -> ProcessRef[Self]:
        """Start a dynamic supervisor; ``max_children`` counts restarting ones too.

        ``ValueError`` naming the field; ``AlreadyStarted`` when the name is taken.
        """
        RestartLimit(max_restarts, max_seconds)
        check_max_children(max_children)
        check_clock(clock)
        check_backoff(backoff)
        return cls.start(
            max_restarts=max_restarts,
            max_seconds=max_seconds,
            max_children=max_children,
            name=name,
            clock=clock,
            backoff=backoff,
        )

    def children(self) -> list[Child]:
        """Return the children, oldest first; safe from any thread."""
        return list(self._children.values())

    def _find(self, key: Any) -> Child:
        child = self._own(key)
        if child is None or child.last_life is not key.life or id(child) not in self._children:
            raise self._no_such_child(key)
        return child

    def _own(self, key: Any) -> Child | None:
        """Return the child that ``key`` is, or once was, the ref of; None for a foreign one."""
        child: Child | None = getattr(getattr(key, "life", None), "place", None)
        return child if child is not None and child.supervisor is self._life else None

    def _remove(self, child: Child) -> None:
        self._children.pop(id(child), None)

    def _settle(self, child: Child) -> None:
        child.end()
        self._remove(child)

    def _stop_children(self) -> None:
        children = self.children()
        self._stop_many(children)
        for child in children:
            self._remove(child)

    def _perform_restart(self, child: Child) -> None:
        failed = self._start(child, is_restart=True)
        if failed is not None:
            self._restart_failed(child, failed)
        elif child.life is None:
            self._settle(child)

    def _handle_request(self, message: Any) -> Any:
        match message:
            case StartChild(spec, timeout_s):
                return self._handle_start_child(spec, timeout_s)
            case TerminateChild(key):
                return self._handle_terminate_child(key)
            case RestartChild() | DeleteChild():
                raise ValueError("a dynamic supervisor keeps no spec of a child that has ended")
            case ChangePolicy(changes):
                return change_policy(self, changes)
            case ChangeChildPolicy(key, changes):
                return change_child_policy(self._find(key), changes)
            case _:
                return self._handle_unexpected(message)

    def _handle_start_child(self, spec: ChildSpec, timeout_s: float | None) -> Any:
        if self.max_children is not None and len(self._children) >= self.max_children:
            raise MaxChildren(f"{self.actor_ref} has {self.max_children} children")
        child = Child(spec, self._life)
        ref = self._first_start(child, timeout_s)
        if ref is not None:
            self._children[id(child)] = child
        return ref

    def _handle_terminate_child(self, key: Any) -> None:
        child = self._own(key)
        if child is None:
            raise self._no_such_child(key)
        if child.last_life is key.life and id(child) in self._children:
            self._terminate(key)


def check_max_children(value: Any) -> int | None:
    """Return ``value`` if it is None or an integer >= 0; ``ValueError`` naming it otherwise."""
    return None if value is None else check_integer("max_children", value)
