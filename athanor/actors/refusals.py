"""What supervisors, names and dead processes answer instead of doing what was asked.

::

    Refusal
    ├── AlreadyStarted(ref)    a child of this id, or a process of this name, is running
    ├── AlreadyPresent         a child of this id is known and not running
    ├── NotFound               no such child
    ├── StillRunning           the child must be stopped first
    ├── Restarting             the child waits for its next restart
    ├── MaxChildren            the dynamic supervisor is full
    ├── StartError(reason)     the child did not start
    └── NoProcess              nobody there; also a ``pykka.ActorDeadError``

Named after OTP's answers. They are no ``AthanorError``: one that escapes a handler is a crash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pykka

if TYPE_CHECKING:
    from athanor.actors.exits import ExitReason

__all__ = [
    "AlreadyPresent",
    "AlreadyStarted",
    "MaxChildren",
    "NoProcess",
    "NotFound",
    "Refusal",
    "Restarting",
    "StartError",
    "StillRunning",
]


class Refusal(Exception):
    """What was asked for is refused; nothing has changed."""


class AlreadyStarted(Refusal):
    """It is running already; ``ref`` is the one that runs."""

    def __init__(self, ref: Any) -> None:
        super().__init__(ref)
        self.ref = ref


class AlreadyPresent(Refusal):
    """A child of this id is known to the supervisor, stopped or restarting."""


class NotFound(Refusal):
    """The supervisor has no such child."""


class StillRunning(Refusal):
    """The child is running."""


class Restarting(Refusal):
    """The child has died and its next restart is pending."""


class MaxChildren(Refusal):
    """The dynamic supervisor has as many children as it may have."""


class StartError(Refusal):
    """A process did not start; ``reason`` is what it ended with."""

    def __init__(self, reason: ExitReason) -> None:
        super().__init__(reason)
        self.reason = reason


class NoProcess(Refusal, pykka.ActorDeadError):
    """There is no such process, or it ended before it answered."""
