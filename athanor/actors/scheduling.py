"""Threads or greenlets: the one place that knows in which of the two worlds the actors live.

After ``gevent.monkey.patch_all()`` an actor is a greenlet of the thread that started it, and only
then can it be killed. A native thread does not wake a sleeping hub by ordinary means; what is
here does.
"""

from __future__ import annotations

import _thread
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Home", "bind_main_hub", "call_in_main", "cooperative", "native_ident"]


def cooperative() -> bool:
    """Whether ``threading`` is patched, so that a thread started now is a greenlet."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def native_ident() -> int:
    """Return the identity of the operating-system thread, also below monkey patching."""
    if not cooperative():
        return _thread.get_ident()
    from gevent import monkey

    ident: int = monkey.get_original("_thread", "get_ident")()
    return ident


class Home:
    """Where an actor lives: its greenlet and the hub that runs it, or nothing but a thread.

    Made by the actor itself, in its own thread or greenlet.
    """

    __slots__ = ("_greenlet", "_ident", "_loop")

    def __init__(self) -> None:
        self._ident = native_ident()
        self._loop: Any = None
        self._greenlet: Any = None
        if cooperative():
            import gevent

            self._loop = gevent.get_hub().loop
            self._greenlet = gevent.getcurrent()

    @property
    def can_be_thrown_at(self) -> bool:
        """Whether an exception can be thrown into the actor from outside."""
        return self._greenlet is not None

    def is_current(self) -> bool:
        """Whether the caller runs in this very actor."""
        if self._greenlet is not None:
            import gevent

            return gevent.getcurrent() is self._greenlet
        return _thread.get_ident() == self._ident

    def run(self, callback: Callable[[], object]) -> None:
        """Call a function that does not block where the actor can see its effect at once."""
        if self._loop is None or native_ident() == self._ident:
            callback()
        else:
            self._loop.run_callback_threadsafe(callback)

    def throw(self, is_killable: Callable[[], bool]) -> None:
        """Throw ``GreenletExit`` into the actor soon, if ``is_killable`` still says so then."""
        greenlet = self._greenlet
        if greenlet is None:
            return
        from gevent import GreenletExit

        def deliver() -> None:
            if is_killable() and not greenlet.dead:
                greenlet.throw(GreenletExit())

        self._loop.run_callback_threadsafe(deliver)


def was_thrown_from_outside(error: BaseException) -> bool:
    """Whether a ``GreenletExit`` came from another greenlet rather than from a ``raise`` here.

    What is thrown from outside arrives where the greenlet waits, which is inside gevent.
    """
    gevent = sys.modules.get("gevent")
    if gevent is None or not isinstance(error, gevent.GreenletExit):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is None or str(trace.tb_frame.f_globals.get("__name__")).startswith("gevent")


_main_hub: list[Any] = []


def bind_main_hub() -> None:
    """Remember the hub of the calling thread as the one that ``call_in_main`` calls into.

    Called once by the service when it starts, in its main thread, before any native thread runs.
    Does nothing in plain threads.
    """
    if cooperative():
        import gevent

        _main_hub[:] = [(gevent.get_hub(), native_ident())]


def call_in_main(function: Callable[..., object], *args: Any) -> None:
    """Run ``function(*args)`` in a greenlet of the main hub, from any native thread; do not wait.

    In plain threads, or when no hub was bound, the function is called at once by the caller.
    """
    if not _main_hub:
        function(*args)
        return
    import gevent

    hub, _ = _main_hub[0]
    hub.loop.run_callback_threadsafe(_spawn_in, gevent, function, args)


def _spawn_in(gevent: Any, function: Callable[..., object], args: tuple[Any, ...]) -> None:
    gevent.spawn(function, *args)
