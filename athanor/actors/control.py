"""What can be done to any process from outside: kill it, wait for it, watch it, stop it.

Each takes a ref or a name; ``NoProcess`` when nobody has the name.
"""

from __future__ import annotations

import inspect
import time
from typing import TYPE_CHECKING

from athanor.actors import reports
from athanor.actors.exits import KILLED, NORMAL, ExitReason
from athanor.actors.life import Life, SelfKilled, current_life
from athanor.actors.names import ProcessRefOrName, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["confirm_kills", "kill", "life_of", "monitor", "stop", "wait"]

KILL_CONFIRM_S = 0.5
"""How long a killed process may take to die before it is given up as leaked."""

_KILL_AGAIN_S = 0.02
_EXIT_S = 30.0


def life_of(target: ProcessRefOrName) -> Life:
    """Return the life behind a ref or a name."""
    life = getattr(resolve(target), "life", None)
    if not isinstance(life, Life):
        raise TypeError(f"{target!r} is no ref of a Process")
    return life


def kill(target: ProcessRefOrName) -> None:
    """End a process with ``KILLED``; ``on_stop`` does not run. It is dead when this returns.

    A greenlet is thrown out of whatever it waits for. What ignores that for half a second, or is
    busy in a plain thread, is fenced off: dead for everybody, and reported as leaked. Killing a
    dead process does nothing.
    """
    life = life_of(target)
    if life is current_life.get() and not life.is_exiting:
        life.kill_requested = True
        raise SelfKilled
    life.request_kill()
    confirm_kills([life])


def confirm_kills(lives: Iterable[Life]) -> None:
    """Wait until processes that were told to die are dead, giving up those that do not die."""
    deadline = time.monotonic() + KILL_CONFIRM_S
    backstop = deadline + _EXIT_S
    caller = current_life.get()
    for life in lives:
        while not life.wait(_KILL_AGAIN_S):
            if caller is not None and not caller.is_exiting:
                caller.check_killed()
            now = time.monotonic()
            if life.is_exiting:  # it ends what it owns, which takes its own time
                if now >= backstop:
                    break
            elif now < deadline:
                life.request_kill()  # a handler may have swallowed the first one
            elif life.finish(KILLED, leaked=True):
                reports.leaked(life)


def wait(target: ProcessRefOrName, timeout: float | None = None) -> ExitReason:
    """Wait for the end of a process and return its exit reason, at once if it is dead already.

    ``TimeoutError`` after ``timeout`` seconds. When this returns, all monitors have been called.
    """
    life = life_of(target)
    if not life.wait(timeout):
        raise TimeoutError(f"{life.ref} has not exited within {timeout} seconds")
    return life.reason


def monitor(target: ProcessRefOrName, callback: Callable[..., object]) -> Callable[[], None]:
    """Have ``callback(ref, reason)`` called once at the end of a process, at once if it is dead.

    A callback that requires only one argument gets the reason; one that takes none gets nothing. It runs in
    the thread that publishes the exit and must be quick. Returns a function that ends the monitoring.
    """
    life = life_of(target)
    arity = _arity(callback)

    def tell(ended: Life) -> None:
        callback(*(ended.ref, ended.reason)[2 - arity :])

    watch = life.watch(tell)
    return lambda: life.unwatch(watch)


def _arity(callback: Callable[..., object]) -> int:
    """Return with how many of (ref, reason) a callback wants to be called."""
    try:
        parameters = inspect.signature(callback).parameters.values()
    except (TypeError, ValueError):
        return 2
    positional = [p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    required = sum(p.default is p.empty for p in positional)
    if required:
        return min(required, 2)
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return 2 if takes_any else min(len(positional), 2)


def stop(
    target: ProcessRefOrName, reason: ExitReason = NORMAL, timeout: float | None = None
) -> None:
    """Stop a process in order, with ``reason``, and wait for its end; overtakes its backlog.

    ``NoProcess`` when it is dead already, ``TimeoutError`` when it has not ended within ``timeout`` seconds (it
    goes on stopping).
    """
    life = life_of(target)
    if life.has_exited:
        raise life.no_process()
    if life is current_life.get():
        raise RuntimeError(f"{life.ref} stops itself and would wait for ever; raise Exit instead")
    life.request_stop(reason)
    if not life.wait(timeout):
        raise TimeoutError(f"{life.ref} has not stopped within {timeout} seconds")
