"""The supervisor with a list of children, in OTP's three strategies.

Started by ``Supervisor.start_link``. It loses nothing in a crash but its children, which its own
supervisor has it start again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, get_args

from athanor.actors import reports
from athanor.actors.child import Child, ChildState
from athanor.actors.child_spec import ChildSpec, check_children, check_choice, check_clock
from athanor.actors.exits import Exit, Shutdown
from athanor.actors.intensity import Backoff, RestartLimit, check_backoff
from athanor.actors.policies import change_child_policy, change_policy
from athanor.actors.refusals import (
    AlreadyPresent,
    AlreadyStarted,
    Restarting,
    StillRunning,
)
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
    from collections.abc import Callable, Hashable, Iterable

    from athanor.actors.process import ProcessRef

__all__ = ["Strategy", "Supervisor"]

Strategy: TypeAlias = Literal["one_for_one", "one_for_all", "rest_for_one"]


class Supervisor(SupervisingProcess):
    """Starts its children in order, keeps them running, stops them in reverse order."""

    has_groups = True

    def __init__(
        self,
        children: Iterable[ChildSpec] = (),
        *,
        strategy: Strategy = "one_for_one",
        max_restarts: int = 3,
        max_seconds: float = 5.0,
        name: Hashable | None = None,
        clock: Callable[[], float] = time.monotonic,
        backoff: Backoff = None,
    ) -> None:
        limit = RestartLimit(max_restarts, max_seconds)
        check_choice("strategy", strategy, get_args(Strategy))
        super().__init__(limit, name=name, clock=check_clock(clock), backoff=check_backoff(backoff))
        self.strategy = strategy
        self._children = {spec.id: Child(spec, self._life) for spec in check_children(children)}

    @classmethod
    def start_link(
        cls,
        children: Iterable[ChildSpec] = (),
        *,
        strategy: Strategy = "one_for_one",
        max_restarts: int = 3,
        max_seconds: float = 5.0,
        name: Hashable | None = None,
        clock: Callable[[], float] = time.monotonic,
        backoff: Backoff = None,
    ) -> ProcessRef[Self]:
        """Start a supervisor and its children, in order; returns its ref when all have started.

        ``ValueError`` naming the field before anything starts; ``StartError`` when a child did
        not start, with the reason ``Shutdown(("failed_to_start_child", id, reason))``;
        ``AlreadyStarted`` when the name is taken. ``backoff`` (seconds, or a function of the
        number of restarts already in the window) delays all restarts of a window but the first.
        """
        specs = check_children(children)
        RestartLimit(max_restarts, max_seconds)
        check_choice("strategy", strategy, get_args(Strategy))
        check_clock(clock)
        check_backoff(backoff)
        return cls.start(
            specs,
            strategy=strategy,
            max_restarts=max_restarts,
            max_seconds=max_seconds,
            name=name,
            clock=clock,
            backoff=backoff,
        )

    def on_start(self) -> None:
        """Start the children; the first that fails ends it all."""
        self._prepare_to_wait()
        try:
            for child in self.children():
                failed = self._start(child)
                if failed is not None:
                    reports.report("start_error", self._life, child, failed.reason)
                    reason = ("failed_to_start_child", child.spec.id, failed.reason)
                    raise Exit(Shutdown(reason))
                if child.life is None:
                    self._settle(child)
        except Exit:
            self._stop_children()
            raise
        finally:
            self._put_back()

    def children(self) -> list[Child]:
        """Return the children in start order; safe from any thread."""
        return list(self._children.values())

    def _find(self, key: Any) -> Child:
        child = self._children.get(key) if _is_hashable(key) else None
        if child is None:
            raise self._no_such_child(key)
        return child

    def _remove(self, child: Child) -> None:
        self._children.pop(child.spec.id, None)

    def _stop_children(self) -> None:
        for child in reversed(self.children()):
            self._stop_one(child)
            self._settle(child)

    def _perform_restart(self, child: Child) -> None:
        group = self._group_of(child)
        for member in reversed(group):
            if member is not child:
                self._stop_one(member)
                self._settle(member)
        for member in group:
            if member.spec.restart == "temporary":
                continue
            failed = self._start(member, is_restart=True)
            if failed is None and member.life is None:
                self._settle(member)
            elif failed is not None:
                if child.life is None:
                    child.end()  # its turn comes with the retry of the member
                self._restart_failed(member, failed)
                if not failed.is_cancelled:
                    return

    def _group_of(self, child: Child) -> list[Child]:
        if self.strategy == "one_for_one":
            return [child]
        children = self.children()
        if self.strategy == "one_for_all":
            return children
        return children[children.index(child) :]

    def _handle_request(self, message: Any) -> Any:
        match message:
            case StartChild(spec, timeout_s):
                return self._handle_start_child(spec, timeout_s)
            case TerminateChild(key):
                return self._terminate(key)
            case RestartChild(child_id):
                return self._handle_restart_child(child_id)
            case DeleteChild(child_id):
                return self._handle_delete_child(child_id)
            case ChangePolicy(changes):
                return change_policy(self, changes)
            case ChangeChildPolicy(key, changes):
                return change_child_policy(self._find(key), changes)
            case _:
                return self._handle_unexpected(message)

    def _handle_start_child(self, spec: ChildSpec, timeout_s: float | None) -> Any:
        if spec.id is None:
            raise ValueError("id must be given for a child of a static supervisor")
        present = self._children.get(spec.id)
        if present is not None:
            if present.life is not None:
                raise AlreadyStarted(present.life.ref)
            raise AlreadyPresent(f"{self.actor_ref} has a child {spec.id!r} that is not running")
        child = Child(spec, self._life)
        ref = self._first_start(child, timeout_s)
        if ref is not None or spec.restart != "temporary":
            self._children[spec.id] = child
        return ref

    def _handle_restart_child(self, child_id: Hashable) -> Any:
        child = self._find_stopped(child_id)
        ref = self._first_start(child)
        if ref is None:
            self._settle(child)
        return ref

    def _handle_delete_child(self, child_id: Hashable) -> None:
        self._remove(self._find_stopped(child_id))

    def _find_stopped(self, child_id: Hashable) -> Child:
        child = self._find(child_id)
        if child.life is not None:
            raise StillRunning(f"the child {child_id!r} is running")
        if child.state is ChildState.RESTARTING:
            raise Restarting(f"the child {child_id!r} waits for its restart")
        return child


def _is_hashable(key: Any) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True
