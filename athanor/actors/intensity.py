"""How often a supervisor restarts before it gives up, and how long it waits before it tries again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from athanor.actors.child_spec import check_integer, check_seconds

__all__ = ["Backoff", "Intensity", "RestartLimit", "check_backoff", "delay_s"]

Backoff: TypeAlias = float | Callable[[int], float] | None
"""None (at once), seconds, or a function of the number of restarts already in the window (1, 2, ...)."""


@dataclass(frozen=True, slots=True)
class RestartLimit:
    """At most ``max_restarts`` within ``max_seconds``; a wrong one is a ``ValueError`` with its field."""

    max_restarts: int = 3
    max_seconds: float = 5.0

    def __post_init__(self) -> None:
        check_integer("max_restarts", self.max_restarts)
        check_seconds("max_seconds", self.max_seconds)


class Intensity:
    """The times of the restarts of one supervisor, shared by its children."""

    def __init__(self, limit: RestartLimit, clock: Callable[[], float]) -> None:
        self.limit = limit
        self._clock = clock
        self._times: deque[float] = deque()

    def note_restart(self) -> bool:
        """Count one restart; False, and nothing is counted, when it would be one too many."""
        now = self._clock()
        oldest = now - self.limit.max_seconds
        while self._times and self._times[0] < oldest:
            self._times.popleft()
        if len(self._times) + 1 > self.limit.max_restarts:
            return False
        self._times.append(now)
        return True

    def in_window(self) -> int:
        """Return how many restarts were counted when it was looked at last."""
        return len(self._times)


def check_backoff(value: Any) -> Backoff:
    """Return ``value`` if it is a ``Backoff``; ``ValueError`` naming the field otherwise."""
    if value is None or callable(value):
        return value  # type: ignore[no-any-return]  # a callable of the caller's
    return check_seconds("backoff", value)


def delay_s(backoff: Backoff, restarts: int) -> float:
    """Return how long to wait before the next restart, the first in a window being at once."""
    if backoff is None or restarts <= 1:
        return 0.0
    return backoff(restarts - 1) if callable(backoff) else backoff
