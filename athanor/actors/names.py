"""Names of processes: a name finds the incarnation that is alive now.

A process takes its name before its ``on_start`` and gives it back when it ends, so the next
incarnation can take it. Actors address each other by name, never by a ref that a crash outdates.
Any thread may look; nothing in here waits, so the lock is never held across a switch of greenlets.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeAlias

from athanor.actors.refusals import AlreadyStarted, NoProcess

if TYPE_CHECKING:
    from collections.abc import Hashable

    from athanor.actors.process import ProcessRef

__all__ = ["Name", "ProcessRefOrName", "register", "registered", "resolve", "unregister", "whereis"]

Name: TypeAlias = "Hashable"
ProcessRefOrName: TypeAlias = "ProcessRef[Any] | Hashable"

_processes: dict[Name, ProcessRef[Any]] = {}
_changing = threading.Lock()


def register(name: Name, ref: ProcessRef[Any]) -> None:
    """Give ``name`` to a process until it ends; ``AlreadyStarted(ref)`` when a live one has it."""
    with _changing:
        holder = _processes.get(name)
        if holder is not None and holder is not ref and holder.is_alive():
            raise AlreadyStarted(holder)
        if not ref.is_alive():
            raise NoProcess(f"{ref} is dead and cannot have the name {name!r}")
        _processes[name] = ref
        ref.life.names.append(name)


def unregister(name: Name, ref: ProcessRef[Any] | None = None) -> None:
    """Free ``name``; with ``ref``, only if that process still has it."""
    with _changing:
        if ref is None or _processes.get(name) is ref:
            _processes.pop(name, None)


def whereis(name: Name) -> ProcessRef[Any] | None:
    """Return the live process of this name, or None."""
    ref = _processes.get(name)
    return ref if ref is not None and ref.is_alive() else None


def registered() -> dict[Name, ProcessRef[Any]]:
    """Return a copy of all names that are taken."""
    return _processes.copy()


def resolve(target: ProcessRefOrName) -> ProcessRef[Any]:
    """Return the ref behind a name (a ref is itself); ``NoProcess`` when nobody has the name."""
    if hasattr(target, "actor_urn"):
        return target  # type: ignore[return-value]  # only refs have an urn
    ref = whereis(target)
    if ref is None:
        raise NoProcess(f"nobody has the name {target!r}")
    return ref
