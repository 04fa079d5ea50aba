"""What every actor of Athanor is: a pykka actor with exactly one exit and a known reason for it.

pykka alone loses exits (an exception while it answers, ``SystemExit``, a killed greenlet) and
takes bystanders down with it. ``Process`` replaces pykka's loop: whatever ends an actor, everybody
who waits for it, monitors it or supervises it learns so once, with the reason.

Started by ``Process.start`` (or a supervisor), which returns when ``on_start`` has. Everything of
an actor runs in its own thread, which is a greenlet under gevent; only ``__init__`` runs in the
thread that starts it.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeVar, cast, overload

import pykka

from athanor.actors import names
from athanor.actors.control import confirm_kills
from athanor.actors.exits import (
    KILLED,
    NORMAL,
    SHUTDOWN,
    Crashed,
    Exit,
    ExitReason,
    Shutdown,
    is_orderly,
    reason_for,
)
from athanor.actors.inbox import Envelope, Inbox
from athanor.actors.life import Life, Phase, current_life
from athanor.actors.refusals import AlreadyStarted, StartError
from athanor.actors.start_attempt import adopt
from athanor.domain.errors import AthanorError

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = [
    "KILLED",
    "NORMAL",
    "SHUTDOWN",
    "Crashed",
    "Exit",
    "ExitReason",
    "Process",
    "ProcessRef",
    "Shutdown",
    "is_orderly",
]

logger = logging.getLogger("athanor.process")

_OWNED_STOP_S = 5.0

A = TypeVar("A", bound="Process")


class _OrderlyStop:
    """The message of pykka's ``stop``: it waits for its turn in the inbox."""

    __slots__ = ()


class ProcessRef(pykka.ActorRef[A]):
    """A pykka ref that knows the life behind it, also after its end.

    Unlike pykka's it is alive until ``on_stop`` has run, and never lets an asker hang.
    """

    life: Life

    def is_alive(self) -> bool:
        """Whether the process has not exited yet."""
        return not self.life.has_exited

    def tell(self, message: Any) -> None:
        """Send without waiting; ``NoProcess`` when the process is dead."""
        sender = current_life.get()
        if sender is not None and sender.is_leaked:
            return  # fenced: its supervisor has given it up, and so has everybody
        life = self.life
        if life.has_exited:
            raise life.no_process()
        life.deliver(Envelope(message))

    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any:
        """Send and wait for the answer, or return a future of it when not ``block``.

        Raises what the handler raised, ``NoProcess`` when the process is dead or ends before it
        answers, ``pykka.Timeout``. Without ``timeout`` it waits as long as the process lives.
        """
        future: pykka.ThreadingFuture[Any] = pykka.ThreadingFuture()
        envelope = Envelope(message, future)
        life = self.life
        sender = current_life.get()
        if life.has_exited or (sender is not None and sender.is_leaked):
            envelope.fail(life.no_process())
        elif block and sender is life:
            raise RuntimeError(f"{self} asks itself and would wait for ever")
        else:
            life.deliver(envelope)
        return future.get(timeout=timeout) if block else future

    @overload
    def stop(self, *, block: Literal[True], timeout: float | None = None) -> bool: ...

    @overload
    def stop(
        self, *, block: Literal[False], timeout: float | None = None
    ) -> pykka.Future[bool]: ...

    @overload
    def stop(
        self, *, block: bool = True, timeout: float | None = None
    ) -> bool | pykka.Future[bool]: ...

    def stop(
        self, *, block: bool = True, timeout: float | None = None
    ) -> bool | pykka.Future[bool]:
        """Stop it with ``NORMAL`` once what waits in its inbox is done; False if it was dead.

        As in pykka. A supervisor's stop (``athanor.actors.supervisor.stop``) does not queue.
        """
        was_alive = not self.life.has_exited
        if was_alive:
            self.life.inbox.put(Envelope(_OrderlyStop()))

        def stopped(timeout: float | None) -> bool:
            if not self.life.wait(timeout):
                raise pykka.Timeout(f"{timeout} seconds")
            return was_alive

        if block:
            return stopped(timeout)
        future: pykka.ThreadingFuture[bool] = pykka.ThreadingFuture()
        future.set_get_hook(stopped)
        return future


class Process(pykka.ThreadingActor):
    """An actor that can be supervised. Override ``on_start``, ``on_receive``, ``on_stop``.

    Raising in ``on_start`` fails the start. ``raise Exit(reason)`` ends it with that reason,
    ``self.stop()`` with ``NORMAL`` when its turn comes; ``on_stop`` runs after both and when a
    supervisor stops it, not after a crash (there ``on_failure`` runs) or a kill. An
    ``AthanorError`` raised while answering an ``ask`` is an answer; all else is a crash.

    ``name`` (or the class attribute ``registered_name``) is taken before ``on_start`` and freed at
    the end; a name that is taken fails the start with ``AlreadyStarted``.
    """

    use_daemon_thread: ClassVar[bool] = True
    registered_name: ClassVar[Hashable | None] = None

    def __init__(self, *_args: Any, name: Hashable | None = None, **_kwargs: Any) -> None:
        super().__init__()
        inbox = Inbox()
        self.actor_inbox = inbox  # type: ignore[assignment]  # never pykka's own loop
        self._life = Life(self, inbox)
        self._life.ref = ProcessRef(self)
        self._life.ref.life = self._life
        self._wanted_name = name if name is not None else self.registered_name

    @property
    def actor_ref(self) -> ProcessRef[Self]:
        """The ref of this actor; it stays the same, and readable after the actor's end."""
        return self._life.ref

    @classmethod
    def start(cls, *args: Any, **kwargs: Any) -> ProcessRef[Self]:
        """Start one and return its ref when its ``on_start`` has returned.

        ``StartError(reason)`` when ``__init__`` or ``on_start`` raised, ``AlreadyStarted(ref)``
        when its name is taken.
        """
        try:
            process = cls(*args, **kwargs)
        except (Exception, SystemExit) as error:
            raise StartError(reason_for(error)) from error
        life = process.__dict__.get("_life")
        if life is None:
            raise TypeError(f"{cls.__name__}.__init__ does not call super().__init__()")
        adopt(life)
        pykka.ActorRegistry.register(life.ref)
        try:
            threading.Thread(
                target=process._actor_loop, name=cls.__name__, daemon=cls.use_daemon_thread
            ).start()
            life.started.wait()
        except BaseException as error:
            # No thread could be had, or the starter itself is being killed: nobody would own it.
            life.request_kill()
            if life.home is None:
                life.finish(reason_for(error))
            raise
        if life.start_failed:
            reason = life.reason
            cause = reason.exception if isinstance(reason, Crashed) else None
            if isinstance(cause, AlreadyStarted):
                raise cause
            raise StartError(reason) from cause
        return cast("ProcessRef[Self]", life.ref)

    def stop(self) -> None:
        """End with ``NORMAL`` when what waits in the inbox now has been handled."""
        self._life.inbox.put(Envelope(_OrderlyStop()))

    # The loop. Whatever comes, ``finish`` is reached.

    def _actor_loop(self) -> None:
        life = self._life
        reason: ExitReason
        try:
            life.enter()
            reason = self._live()
        except BaseException as error:  # noqa: BLE001 - thrown in from outside between two steps
            reason = life.reason_for(error)
        if life.finish(reason):
            self._log_exit(reason)
        elif life.is_leaked:
            logger.warning("%s, given up as leaked, has ended after all", life.ref)

    def _live(self) -> ExitReason:
        """Start, handle messages, stop; return the exit reason."""
        life = self._life
        reason, wants_on_stop = self._run_start()
        if life.phase is Phase.RUNNING:
            reason, wants_on_stop = self._run_messages()
        if wants_on_stop and not life.has_exited:
            reason = self._run_stop(reason)
        return reason

    def _run_start(self) -> tuple[ExitReason, bool]:
        life = self._life
        try:
            life.check()
            if self._wanted_name is not None:
                names.register(self._wanted_name, life.ref)
            self.on_start()
            life.check_killed()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the reason
            return life.reason_for(error), False
        life.acknowledge()
        return NORMAL, False

    def _run_messages(self) -> tuple[ExitReason, bool]:
        """Handle messages until one ends the actor; return why, and whether ``on_stop`` runs."""
        life = self._life
        inbox = life.inbox
        while True:
            error: BaseException
            try:
                life.check()
                envelope = inbox.get()
                if envelope is None:
                    continue
                life.in_flight = envelope
                life.handling_since = time.monotonic()
                answer = self._handle_receive(envelope.message)
            except AthanorError as expected:
                error = expected
                waiting = life.in_flight
                if waiting is not None and waiting.reply_to is not None and not life.has_exited:
                    life.in_flight = None
                    life.handling_since = None
                    waiting.fail(error)
                    continue
            except BaseException as other:  # noqa: BLE001 - whatever it is, it is the reason
                error = other
            else:
                life.in_flight = None
                life.handling_since = None
                if life.has_exited:
                    return KILLED, False
                envelope.answer(answer)
                continue
            reason = life.reason_for(error)
            life.handling_since = None
            if reason is KILLED or isinstance(error, Exit):
                return reason, reason is not KILLED
            self._run_failure(error)
            return reason, False

    def _run_failure(self, error: BaseException) -> None:
        try:
            self.on_failure(type(error), error, error.__traceback__)
        except BaseException:
            logger.exception("on_failure of %s failed", self._life.ref)

    def _run_stop(self, reason: ExitReason) -> ExitReason:
        life = self._life
        life.phase = Phase.STOPPING
        try:
            life.check_killed()
            self.on_stop()
            life.check_killed()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the reason
            return life.reason_for(error)
        return reason

    def _log_exit(self, reason: ExitReason) -> None:
        """Log a crash that no supervisor is going to report."""
        life = self._life
        if isinstance(reason, Crashed) and life.place is None and not life.start_failed:
            logger.error("%s crashed", life.ref, exc_info=reason.exception)

    def _handle_receive(self, message: Any) -> Any:
        if isinstance(message, _OrderlyStop):
            raise Exit(NORMAL)
        return super()._handle_receive(message)

    def _release_owned(self) -> None:
        """End what this process owns; runs on every exit, after all else, and is not interrupted."""
        owned = self._life.owned[:]
        for life in owned:
            life.request_stop(SHUTDOWN)
        deadline = time.monotonic() + _OWNED_STOP_S
        for life in owned:
            if not life.wait(max(0.0, deadline - time.monotonic())):
                life.request_kill()
        confirm_kills(owned)
