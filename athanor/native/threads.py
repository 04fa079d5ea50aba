"""Native threads beside gevent: starting them, waking each other, and the locks that they may share.

After ``monkey.patch_all`` a ``threading.Thread`` is a greenlet. What is here gives real threads, and
makes safe what such threads share with the main one. In a plain Python everything works as well.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

from athanor.native.originals import is_patched, original

__all__ = [
    "THREAD_RUN_SWITCH_INTERVAL_S",
    "Alarm",
    "MainThread",
    "destroy_own_hub",
    "native_ident",
    "new_lock",
    "new_reentrant_lock",
    "prepare_for_native_threads",
    "real_logging_lock",
    "start_thread",
]

THREAD_RUN_SWITCH_INTERVAL_S: Final = 0.0005
"""With it one busy native thread costs the hub under a millisecond at the median."""


def native_ident() -> int:
    """Give the identity of the operating-system thread."""
    ident: int = original("_thread", "get_ident")()
    return ident


def new_lock() -> Any:
    """Make a C lock. Hold it for moments only: a greenlet that waits for it stops its whole thread."""
    return original("_thread", "allocate_lock")()


def new_reentrant_lock() -> Any:
    """Make a re-entrant C lock."""
    return original("_thread", "RLock")()


def start_thread(function: Callable[[], None]) -> None:
    """Start a native thread. Nobody waits for it, at the exit of the process neither."""
    original("_thread", "start_new_thread")(function, ())


class MainThread:
    """The way from a native thread to the main one. Make it in the main thread.

    ``call`` never runs the function in the calling thread when the process is patched: the main
    hub runs it soon. In a plain Python it is called at once, wherever one is.
    """

    def __init__(self) -> None:
        self._loop: Any = None
        if is_patched():
            import gevent

            self._loop = gevent.get_hub().loop

    def call(self, function: Callable[[], None]) -> None:
        """Have the main thread call a function that returns at once."""
        if self._loop is None:
            function()
        else:
            # The loop is gone at the end of the process only.
            with contextlib.suppress(Exception):
                self._loop.run_callback_threadsafe(function)


class Alarm:
    """Something that several threads and greenlets may wait for and that rings once, for good."""

    def __init__(self) -> None:
        self._lock = new_lock()
        self._wakers: set[Callable[[], None]] = set()
        self._has_rung = False

    def ring(self) -> None:
        """Wake everybody, from any thread."""
        with self._lock:
            self._has_rung = True
            wakers, self._wakers = self._wakers, set()
        for wake in wakers:
            with contextlib.suppress(Exception):  # a waiter whose hub has gone
                wake()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it rings or the time is over; True when it rang."""
        wake, wait = _hub_waiter() if is_patched() else _plain_waiter()
        with self._lock:
            if self._has_rung:
                return True
            self._wakers.add(wake)
        try:
            wait(timeout_s)
        finally:
            with self._lock:
                self._wakers.discard(wake)
        return self._has_rung


def _hub_waiter() -> tuple[Callable[[], None], Callable[[float], object]]:
    import gevent
    from gevent.event import Event

    loop: Any = gevent.get_hub().loop
    event = Event()
    return lambda: loop.run_callback_threadsafe(event.set), event.wait


def _plain_waiter() -> tuple[Callable[[], None], Callable[[float], object]]:
    lock = new_lock()
    lock.acquire()
    return lock.release, lambda timeout_s: lock.acquire(timeout=min(timeout_s, 1e6))


def destroy_own_hub() -> None:
    """Destroy the gevent hub of the calling native thread, which else leaks two descriptors."""
    if not is_patched():
        return
    from gevent._hub_local import get_hub_if_exists

    hub: Any = get_hub_if_exists()
    if hub is not None:
        hub.destroy(destroy_loop=True)


def real_logging_lock(handler: logging.Handler) -> None:
    """Give a handler of ``logging`` a C lock; in place of ``Handler.createLock``."""
    handler.lock = new_reentrant_lock()
    register: Any = getattr(logging, "_register_at_fork_reinit_lock", None)
    if register is not None:
        register(handler)


def prepare_for_native_threads() -> None:
    """Give a patched process the native locks without which two native threads can stand still.

    The locks of the import system and those of ``logging`` and its handlers, present and to come,
    become C locks. The main hub comes into being. May be called again; does nothing in a plain
    Python.
    """
    if not is_patched():
        return
    import gevent

    gevent.get_hub()
    bootstrap: Any = sys.modules["importlib._bootstrap"]
    threads = importlib.import_module("_thread")
    natives = {name: original("_thread", name) for name in ("allocate_lock", "get_ident", "RLock")}
    bootstrap._thread = SimpleNamespace(**{**vars(threads), **natives})  # noqa: SLF001 # no public way
    _make_logging_locks_native()


def _make_logging_locks_native() -> None:
    module: Any = logging
    if getattr(logging.Handler.createLock, "is_native", False):
        return
    module._lock = new_reentrant_lock()  # noqa: SLF001 # no public way

    real_logging_lock.is_native = True  # type: ignore[attr-defined] # a mark on a function
    logging.Handler.createLock = real_logging_lock  # type: ignore[assignment] # as said above
    for reference in list(module._handlerList):  # noqa: SLF001 # no public way
        handler = reference() if isinstance(reference, weakref.ref) else reference
        if handler is not None and handler.lock is not None:
            handler.lock = new_reentrant_lock()
