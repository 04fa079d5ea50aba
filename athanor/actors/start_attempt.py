"""One attempt to start a child, in a helper thread, so that its supervisor stays answerable.

A start may hang for ever: in a constructor, in ``on_start``, in a callable. The supervisor waits
for the attempt with its mailbox open and can cancel it; what the attempt has begun is killed then,
also if it comes to life later.
"""

from __future__ import annotations

import inspect
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from athanor.actors.exits import Crashed, Exit, ExitReason
from athanor.actors.refusals import StartError
from athanor.actors.scheduling import Home

if TYPE_CHECKING:
    from collections.abc import Callable

    from athanor.actors.child_spec import ChildSpec
    from athanor.actors.life import Life

__all__ = ["StartAttempt", "adopt"]

_current_attempt: ContextVar[StartAttempt | None] = ContextVar("start_attempt", default=None)


def adopt(life: Life) -> None:
    """Note a process that is being started as part of the attempt that runs here, if any."""
    attempt = _current_attempt.get()
    if attempt is not None:
        attempt.adopt(life)


class StartAttempt:
    """A start under way; ``is_finished`` turns True after ``child`` or ``failure`` is set.

    Neither set means that the child said ``ignore``.
    """

    def __init__(self, spec: ChildSpec, on_finish: Callable[[], object]) -> None:
        self.spec = spec
        self.child: Life | None = None
        self.failure: ExitReason = None
        self.is_finished = False
        self.is_cancelled = False
        self.finished = threading.Event()
        self._on_finish = on_finish
        self._adopted: list[Life] = []
        self._home: Home | None = None

    def begin(self) -> None:
        """Start the helper; ``on_finish`` is called in it at the end."""
        try:
            threading.Thread(target=self._run, name=f"start-{self.spec.id}", daemon=True).start()
        except RuntimeError as error:  # no thread to be had
            self.failure = Crashed(error)
            self._finish()

    def adopt(self, life: Life) -> None:
        """Take in a process that the attempt starts."""
        self._adopted.append(life)
        if self.is_cancelled:
            life.request_kill()

    def cancel(self) -> list[Life]:
        """Give up: what was begun is killed, now or as soon as it appears; returns what was."""
        self.is_cancelled = True
        begun = self._adopted[:]
        for life in begun:
            life.request_kill()
        if self._home is not None:
            self._home.throw(lambda: not self.is_finished)
        return begun

    def _run(self) -> None:
        self._home = Home()
        _current_attempt.set(self)
        try:
            if not self.is_cancelled:
                self.child = self._start()
        except StartError as error:
            self.failure = error.reason
        except Exit as error:
            self.failure = error.reason
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the reason
            self.failure = Crashed(error)
        for life in self._adopted:
            if life is not self.child and (self.is_cancelled or self.failure is not None):
                life.request_kill()
        if self.is_cancelled and self.child is not None:
            self.child.request_kill()
        self._adopted.clear()
        self._finish()

    def _finish(self) -> None:
        self.is_finished = True
        self.finished.set()
        self._on_finish()

    def _start(self) -> Life | None:
        spec = self.spec
        start: Any = spec.start
        is_class = inspect.isclass(start)
        ref = (
            start.start(*spec.args, **spec.kwargs) if is_class else start(*spec.args, **spec.kwargs)
        )
        if ref is None:
            return None
        life = getattr(ref, "life", None)
        if life is None:
            raise TypeError(f"start returned {ref!r}, which is no ref of a Process")
        return life  # type: ignore[no-any-return]  # only a ProcessRef has a life
