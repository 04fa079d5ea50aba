"""A child as its supervisor knows it: the spec, the present incarnation, what happened so far."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import threading

    from athanor.actors.child_spec import ChildSpec
    from athanor.actors.exits import ExitReason
    from athanor.actors.life import Life

__all__ = ["RESTARTING", "Child", "ChildState"]


class _Restarting(enum.Enum):
    RESTARTING = "restarting"

    def __repr__(self) -> str:
        return "RESTARTING"


RESTARTING: Final = _Restarting.RESTARTING
"""Stands where a ref would, for a child that has died and waits for its next restart."""


class ChildState(enum.Enum):
    """Whether there is an incarnation, or one is still to come."""

    RUNNING = "running"
    RESTARTING = "restarting"
    STOPPED = "stopped"


class Child:
    """One child. Written by its supervisor only; others may read it at any time."""

    __slots__ = (
        "incarnation",
        "last_exit",
        "last_life",
        "life",
        "restarts",
        "retry",
        "spec",
        "state",
        "supervisor",
        "timer",
    )

    def __init__(self, spec: ChildSpec, supervisor: Life) -> None:
        self.spec = spec
        self.supervisor = supervisor
        self.state = ChildState.STOPPED
        self.life: Life | None = None
        self.last_life: Life | None = None
        self.incarnation = 0
        self.restarts = 0
        self.last_exit: ExitReason = None
        self.retry: object | None = None
        """Identifies the restart that is pending; a retry that does not match is void."""
        self.timer: threading.Timer | None = None

    @property
    def ref(self) -> Any:
        """The ref of the present incarnation, ``RESTARTING``, or None when it is stopped."""
        if self.life is not None:
            return self.life.ref
        return RESTARTING if self.state is ChildState.RESTARTING else None

    def run(self, life: Life) -> None:
        """Note a new incarnation."""
        self.cancel_retry()
        self.life = self.last_life = life
        self.state = ChildState.RUNNING
        self.incarnation += 1
        life.place = self

    def end(self, state: ChildState = ChildState.STOPPED) -> None:
        """Note that there is no incarnation now, and none to come unless ``state`` says so."""
        self.cancel_retry()
        self.life = None
        self.state = state

    def cancel_retry(self) -> None:
        """Make the pending restart void."""
        self.retry = None
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
