"""The life of one process: its phases, its one exit, who is told of it, and how it is killed.

A ``Life`` outlives its actor: a ref keeps it, so that the reason of a dead process can be read.
The exit is claimed once, by the actor itself or, when it ignores a kill, by its killer; whoever
claims it publishes it: names are freed, links and monitors told, waiting asks answered, and only
then is the process gone for those who wait.
"""

from __future__ import annotations

import enum
import logging
import threading
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pykka

from athanor.actors import names
from athanor.actors.exits import KILLED, Crashed, Exit, ExitReason, describe
from athanor.actors.inbox import Envelope, Inbox
from athanor.actors.refusals import NoProcess
from athanor.actors.scheduling import Home, was_thrown_from_outside

if TYPE_CHECKING:
    from collections.abc import Callable

    from athanor.actors.child import Child
    from athanor.actors.process import Process, ProcessRef

__all__ = ["Life", "Phase", "Watch", "current_life"]

logger = logging.getLogger("athanor.process")

current_life: ContextVar[Life | None] = ContextVar("current_life", default=None)
"""The life of the actor that runs here, None outside of actors."""


class Phase(enum.Enum):
    """Where a process is in its life, for those who look at it."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    EXITING = "exiting"
    EXITED = "exited"


_RELEASE_TRIES = 3


class SelfKilled(BaseException):
    """Unwinds an actor that is killed where nothing can be thrown at it: by itself, or in a thread."""


class Watch:
    """One who wants to know of an exit, once."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[Life], object]) -> None:
        self.callback = callback


class Life:
    """Everything about one process that others need, safe to read from any thread."""

    __slots__ = (
        "__weakref__",
        "_claim",
        "_publisher",
        "done",
        "handling_since",
        "has_exited",
        "home",
        "in_flight",
        "inbox",
        "is_leaked",
        "kill_requested",
        "names",
        "owned",
        "phase",
        "place",
        "process",
        "reason",
        "ref",
        "start_failed",
        "started",
        "started_at",
        "stop_reason",
        "watches",
    )

    def __init__(self, process: Process, inbox: Inbox) -> None:
        self.process: Process | None = process
        self.inbox = inbox
        self.ref: ProcessRef[Any]
        self.phase = Phase.STARTING
        self.reason: ExitReason = None
        self.names: list[names.Name] = []
        self.place: Child | None = None
        """What its supervisor knows of it; None without a supervisor."""
        self.owned: list[Life] = []
        """Supervisors that it started by itself; they end with it."""
        self.home: Home | None = None
        self.started_at = time.monotonic()
        self.handling_since: float | None = None
        self.in_flight: Envelope | None = None
        self.kill_requested = False
        self.stop_reason: ExitReason = None
        self.is_leaked = False
        self.has_exited = False
        """Whether it is dead: its reason is known and nothing of it is listened to any more."""
        self.started = threading.Event()
        self.start_failed = False
        self.done = threading.Event()
        self.watches: list[Watch] = []
        self._claim = ["exit"]
        self._publisher = 0

    @property
    def is_exiting(self) -> bool:
        """Whether its exit is under way or over: it can no longer be killed, only waited for."""
        return not self._claim

    # What the actor itself calls.

    def enter(self) -> None:
        """Begin, in the actor's own thread or greenlet."""
        current_life.set(self)
        self.home = Home()
        self.inbox.attach(self.home)

    def acknowledge(self) -> None:
        """Say that the start has succeeded."""
        if self.phase is Phase.STARTING:
            self.phase = Phase.RUNNING
            self.started.set()

    def check(self) -> None:
        """Obey what was asked from outside, a kill before a stop; called wherever an actor waits."""
        if self.kill_requested or self.has_exited:
            raise SelfKilled
        if self.stop_reason is not None:
            raise Exit(self.stop_reason)

    def check_killed(self) -> None:
        """Obey a kill only."""
        if self.kill_requested or self.has_exited:
            raise SelfKilled

    def reason_for(self, error: BaseException) -> ExitReason:
        """Return the exit reason when ``error`` has ended the actor."""
        if self.kill_requested or isinstance(error, SelfKilled) or was_thrown_from_outside(error):
            return KILLED
        return error.reason if isinstance(error, Exit) else Crashed(error)

    # What others ask of it.

    def request_stop(self, reason: ExitReason) -> None:
        """Ask it to stop after the message in hand, whatever else waits; the first reason counts."""
        if self.stop_reason is None:
            self.stop_reason = reason
        self.inbox.interrupt()

    def request_kill(self) -> None:
        """Tell it to die; idle ones and greenlets do, a busy thread goes on until it returns."""
        self.kill_requested = True
        self.inbox.interrupt()
        if self.home is not None:
            self.home.throw(lambda: not self.is_exiting)

    def watch(self, callback: Callable[[Life], object], *, first: bool = False) -> Watch:
        """Call ``callback(life)`` once when it has exited, at once if it already has.

        Called in the thread that publishes the exit, so it must be quick. ``first`` is for links,
        which are told before anybody else.
        """
        watch = Watch(callback)
        if first:
            self.watches.insert(0, watch)
        else:
            self.watches.append(watch)
        if self.has_exited:
            self._tell(watch)
        return watch

    def own(self, life: Life) -> None:
        """Have ``life`` end when this one does."""
        self.owned.append(life)
        life.watch(self._disown)
        if self.has_exited:
            life.request_stop(self.reason)

    def _disown(self, life: Life) -> None:
        if life in self.owned:
            self.owned.remove(life)

    def unwatch(self, watch: Watch) -> None:
        """Forget a watch; harmless when it was called already."""
        try:
            self.watches.remove(watch)
        except ValueError:
            return

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until everybody has been told of its exit; False when the time is over."""
        if self._publisher == threading.get_ident() and self.has_exited:
            return True  # asked by a monitor of this very exit
        return self.done.wait(timeout_s)

    # The exit.

    def finish(self, reason: ExitReason, *, leaked: bool = False) -> bool:
        """Publish the exit, unless somebody has; True for the one who did."""
        try:
            self._claim.pop()
        except IndexError:
            return False
        was_starting = self.phase is Phase.STARTING
        self.phase = Phase.EXITING
        self.is_leaked = leaked
        self._release()
        self._publisher = threading.get_ident()
        self.reason = reason
        self.start_failed = was_starting
        self.has_exited = True
        self.phase = Phase.EXITED
        self.handling_since = None
        for name in self.names:
            names.unregister(name, self.ref)
        self.ref.actor_stopped.set()
        pykka.ActorRegistry.unregister(self.ref)
        for watch in self.watches[:]:
            self._tell(watch)
        self._answer_all(reason)
        self.process = None
        self.done.set()
        self.started.set()
        return True

    def _release(self) -> None:
        """Let the process end what it owns; nothing that goes wrong there may stop the exit."""
        if self.process is None:
            return
        for _ in range(_RELEASE_TRIES):
            try:
                self.process._release_owned()  # noqa: SLF001 - the two halves of one process
            except BaseException:  # somebody else's kill, thrown in here
                logger.exception("%s was disturbed while it ended what it owns", self.ref)
            else:
                return

    def _tell(self, watch: Watch) -> None:
        try:
            self.watches.remove(watch)
        except ValueError:
            return  # told by somebody else, or withdrawn
        try:
            watch.callback(self)
        except BaseException:
            logger.exception("a monitor of %s failed", self.ref)

    def _answer_all(self, reason: ExitReason) -> None:
        envelope = self.in_flight
        self.in_flight = None
        if envelope is not None:
            error = reason.exception if isinstance(reason, Crashed) else None
            if isinstance(error, Exception) and not self.is_leaked:
                envelope.fail(error)
            else:
                envelope.fail(self.no_process())
        self.refuse_all()

    def deliver(self, envelope: Envelope) -> None:
        """Put an envelope into the inbox; what comes too late is answered with ``NoProcess``."""
        self.inbox.put(envelope)
        if self.has_exited:
            self.refuse_all()

    def refuse_all(self) -> None:
        """Answer everything that waits with ``NoProcess``."""
        while not self.inbox.empty():
            envelope = self.inbox.get(0)
            if envelope is not None:
                envelope.fail(self.no_process())

    def no_process(self) -> NoProcess:
        """Return the answer of a dead process."""
        return NoProcess(f"{self.ref} is dead: {describe(self.reason)}")
