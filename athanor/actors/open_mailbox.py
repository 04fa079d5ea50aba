"""Waiting without going deaf: how a supervisor stays answerable while a child starts or stops.

OTP's supervisor waits with a selective receive and answers everybody afterwards. So does this one,
for half a second; then questions are answered in the middle of the wait, from what is known, and
what else the subclass can serve. All the rest is put back, in its order, for after the wait.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from athanor.actors.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable

    from athanor.actors.inbox import Envelope

__all__ = ["OpenMailbox"]

_PATIENCE_S = 0.5
"""How long a question waits for the work in hand before it is answered in the middle of it."""


class OpenMailbox(Process):
    """A process that can wait for something while messages come in."""

    def _prepare_to_wait(self) -> None:
        """Begin a piece of work that may have to wait; called for each message."""
        self._patient_until = time.monotonic() + _PATIENCE_S
        self._deferred: list[Envelope] = []

    def _put_back(self) -> None:
        """End a piece of work: what came meanwhile and was not served goes back into the inbox."""
        deferred, self._deferred = self._deferred, []
        self._life.inbox.put_back(deferred)

    def _serve_meanwhile(self, envelope: Envelope) -> bool:
        """Serve a message in the middle of a wait; False when it must wait for the end of it."""
        raise NotImplementedError

    def _wait_for(
        self, is_done: Callable[[], bool], deadline: float | None = None, *, stoppable: bool = False
    ) -> bool:
        """Read the mailbox until ``is_done()``; False when the deadline has passed.

        Whoever changes what ``is_done`` looks at must put a message or interrupt the inbox. Left
        by an exception when the process is killed and, if ``stoppable``, when it is asked to stop.
        """
        life = self._life
        is_patient = True
        while not is_done():
            if stoppable:
                life.check()
            else:
                life.check_killed()
            now = time.monotonic()
            if deadline is not None and now >= deadline:
                return False
            if is_patient and now >= self._patient_until:
                is_patient = False
                self._deferred = [e for e in self._deferred if not self._serve_meanwhile(e)]
                continue
            limits = [] if deadline is None else [deadline]
            if is_patient:
                limits.append(self._patient_until)
            envelope = life.inbox.get(min(limits) - now if limits else None)
            if envelope is not None and (is_patient or not self._serve_meanwhile(envelope)):
                self._deferred.append(envelope)
        return True
