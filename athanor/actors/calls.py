"""Messages with bounds: ``call`` waits a limited time, ``cast`` never waits and never raises.

Both take a ref or a name; a name finds the incarnation that lives now.
"""

from __future__ import annotations

from typing import Any

import pykka

from athanor.actors.names import ProcessRefOrName, resolve
from athanor.actors.refusals import NoProcess
from athanor.actors.scheduling import bind_main_hub, call_in_main

__all__ = ["bind_main_hub", "call", "call_in_main", "cast", "cast_threadsafe"]


def call(target: ProcessRefOrName, message: Any, timeout_s: float | None = 5.0) -> Any:
    """Ask a process and return its answer.

    Raises the ``AthanorError`` that it answered with, the exception that made it crash,
    ``NoProcess`` when there is none or it ended before it answered, and ``TimeoutError``.
    """
    ref = resolve(target)
    try:
        return ref.ask(message, timeout=timeout_s)
    except pykka.Timeout as error:
        raise TimeoutError(f"{ref} has not answered within {timeout_s} seconds") from error


def cast(target: ProcessRefOrName, message: Any) -> bool:
    """Tell a process; False when there is nobody to hear it. Never waits, never raises."""
    try:
        resolve(target).tell(message)
    except NoProcess:
        return False
    return True


cast_threadsafe = cast
"""``cast`` for native threads beneath gevent. The inbox itself wakes the hub from any thread, so it
is the same function; the name says that the caller relies on it."""
