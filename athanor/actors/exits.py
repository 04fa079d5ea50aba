"""Why a process ended: the exit reasons, and ``Exit``, which ends one with a reason.

``NORMAL``, ``SHUTDOWN`` and ``Shutdown(x)`` are orderly. Everything else is abnormal, ``KILLED``
and ``Crashed(exception)`` above all. The words are OTP's.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = [
    "KILLED",
    "NORMAL",
    "SHUTDOWN",
    "Crashed",
    "Exit",
    "ExitReason",
    "Shutdown",
    "describe",
    "is_orderly",
    "is_shutdown",
    "reason_for",
    "traceback_text",
]

ExitReason: TypeAlias = Any
"""One of the reasons below, or any other value that was given to ``Exit`` (then abnormal)."""


@dataclass(frozen=True, slots=True)
class _Reason:
    """A reason without details, compared by its name."""

    name: str

    def __repr__(self) -> str:
        return self.name.upper()


NORMAL = _Reason("normal")
SHUTDOWN = _Reason("shutdown")
KILLED = _Reason("killed")


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Ended in order, and with something to say about it."""

    detail: Any = None


@dataclass(frozen=True, slots=True)
class Crashed:
    """Ended by an exception that nobody expected."""

    exception: BaseException


class Exit(BaseException):
    """Raised in an actor, ends it with ``reason``; ``on_stop`` runs.

    A ``BaseException``, so that a handler's ``except Exception`` does not keep the actor alive.
    """

    def __init__(self, reason: ExitReason = NORMAL) -> None:
        super().__init__(reason)
        self.reason = reason


def is_shutdown(reason: ExitReason) -> bool:
    """Whether this is how a process ends that its supervisor has asked to stop."""
    return reason == SHUTDOWN or isinstance(reason, Shutdown)


def is_orderly(reason: ExitReason) -> bool:
    """Whether a transient child that ended so is left in peace."""
    return is_shutdown(reason) or reason == NORMAL


def reason_for(error: BaseException) -> ExitReason:
    """Return the exit reason of a process that ``error`` has ended."""
    return error.reason if isinstance(error, Exit) else Crashed(error)


def describe(reason: ExitReason) -> str:
    """Return a reason as text, also when an exception in it cannot even say what it is."""
    try:
        return repr(reason)
    except Exception:  # noqa: BLE001 - an exit must not fail on its own description
        return f"{type(reason).__name__} of {type(getattr(reason, 'exception', None)).__name__}"


def traceback_text(reason: ExitReason) -> str | None:
    """Return the traceback behind a crash as text, or None for a reason that has none."""
    if not isinstance(reason, Crashed):
        return None
    return "".join(traceback.format_exception(reason.exception))
