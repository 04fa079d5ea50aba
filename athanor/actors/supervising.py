"""What static and dynamic supervisors share: starting, restarting and stopping a child.

A supervisor works one thing at a time, in its own thread, as OTP's does; while it has to wait for
a child, its mailbox stays open (``open_mailbox.py``). User code never runs in its thread, but for
clock and backoff.

A crash of the supervisor loses its children: all are killed before it is gone.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar, Self

from athanor.actors import reports
from athanor.actors.child import Child, ChildState
from athanor.actors.child_spec import ChildSpec
from athanor.actors.control import KILL_CONFIRM_S, confirm_kills
from athanor.actors.exits import (
    KILLED,
    NORMAL,
    SHUTDOWN,
    Crashed,
    Exit,
    ExitReason,
    is_orderly,
    is_shutdown,
)
from athanor.actors.inbox import Envelope
from athanor.actors.intensity import Backoff, Intensity, RestartLimit, delay_s
from athanor.actors.life import Life, current_life
from athanor.actors.open_mailbox import OpenMailbox
from athanor.actors.process import ProcessRef
from athanor.actors.refusals import NotFound, Refusal, StartError
from athanor.actors.start_attempt import StartAttempt
from athanor.actors.supervisor_messages import (
    ChildExited,
    CountChildren,
    GetChildSpec,
    Refused,
    RetryRestart,
    TerminateChild,
    WhichChildren,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

__all__ = ["ChildCounts", "Failed", "SupervisingProcess"]


logger = logging.getLogger("athanor.supervisor")


class ChildCounts(dict[str, int]):
    """``specs``, ``active``, ``supervisors`` and ``workers``, as keys and as attributes."""

    def __getattr__(self, name: str) -> int:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Failed:
    """A start that failed with ``reason``; ``is_cancelled`` when ``terminate_child`` ended it."""

    __slots__ = ("is_cancelled", "reason")

    def __init__(self, reason: ExitReason, *, is_cancelled: bool = False) -> None:
        self.reason = reason
        self.is_cancelled = is_cancelled


class SupervisingProcess(OpenMailbox):
    """A supervisor; the subclasses say which children there are and who is restarted with whom."""

    strategy: str
    has_groups: ClassVar[bool] = False
    """Whether the strategies that restart more than one child can be chosen."""

    def __init__(
        self,
        limit: RestartLimit,
        *,
        name: Hashable | None,
        clock: Callable[[], float],
        backoff: Backoff,
    ) -> None:
        super().__init__(name=name)
        self.intensity = Intensity(limit, clock)
        self.backoff = backoff
        self._attempt: StartAttempt | None = None
        self._starting: Child | None = None
        self._cancellers: list[Envelope] = []
        self._has_warned = False

    @classmethod
    def start(cls, *args: Any, **kwargs: Any) -> ProcessRef[Self]:
        """Start one. When an actor does that itself, the supervisor ends with that actor."""
        ref = super().start(*args, **kwargs)
        owner = current_life.get()
        if owner is not None:
            owner.own(ref.life)
        return ref

    @property
    def life(self) -> Life:
        """The life of this supervisor."""
        return self._life

    # What the subclasses say.

    def children(self) -> list[Child]:
        """Return the children in start order; safe from any thread."""
        raise NotImplementedError

    def _find(self, key: Any) -> Child:
        """Return the child of this id or ref; ``NotFound``."""
        raise NotImplementedError

    def _remove(self, child: Child) -> None:
        """Forget a child."""
        raise NotImplementedError

    def _perform_restart(self, child: Child) -> None:
        """Restart a dead child and whoever is restarted with it."""
        raise NotImplementedError

    def _stop_children(self) -> None:
        """Stop all children."""
        raise NotImplementedError

    def _handle_request(self, message: Any) -> Any:
        """Answer what only this kind of supervisor is asked."""
        raise NotImplementedError

    # Messages.

    def on_receive(self, message: Any) -> Any:
        """Answer one request or react to one exit."""
        self._prepare_to_wait()
        try:
            match message:
                case ChildExited(child, life):
                    return self._handle_exit(child, life)
                case RetryRestart(child, token, is_counted):
                    return self._handle_retry(child, token, is_counted=is_counted)
                case _:
                    return self._answer(message)
        finally:
            self._put_back()

    def _answer(self, message: Any) -> Any:
        try:
            match message:
                case WhichChildren() | CountChildren() | GetChildSpec():
                    return self._handle_query(message)
                case _:
                    return self._handle_request(message)
        except (Refusal, ValueError) as refusal:
            return Refused(refusal)

    def on_stop(self) -> None:
        """Stop the children."""
        self._prepare_to_wait()
        try:
            self._stop_children()
        finally:
            self._put_back()

    def _release_owned(self) -> None:
        """Kill whatever still lives: after a crash or a kill of the supervisor nothing may be left."""
        attempt = self._attempt
        if attempt is not None:
            self._cancel(attempt)
        children = self.children()
        for child in children:
            child.cancel_retry()
        lives = [child.life for child in children if child.life is not None]
        for life in lives:
            life.request_kill()
        confirm_kills(lives)

    def _handle_unexpected(self, message: Any) -> None:
        level = logging.DEBUG if self._has_warned else logging.WARNING
        self._has_warned = True
        logger.log(level, "%s ignores %.200r", self.actor_ref, message)

    def _handle_query(self, message: Any) -> Any:
        match message:
            case WhichChildren():
                return [(c.spec.id, c.ref, c.spec.type) for c in reversed(self.children())]
            case CountChildren():
                children = self.children()
                supervisors = sum(c.spec.type == "supervisor" for c in children)
                return ChildCounts(
                    specs=len(children),
                    active=sum(c.life is not None and not c.life.has_exited for c in children),
                    supervisors=supervisors,
                    workers=len(children) - supervisors,
                )
            case GetChildSpec(key):
                return self._find(key).spec
        raise AssertionError(message)

    def _serve_meanwhile(self, envelope: Envelope) -> bool:
        message = envelope.message
        match message:
            case WhichChildren() | CountChildren() | GetChildSpec():
                envelope.answer(self._answer(message))
                return True
            case TerminateChild(key) if self._attempt is not None and self._is_starting(key):
                self._cancellers.append(envelope)
                self._attempt.is_cancelled = True
                return True
            case _:
                return False

    def _is_starting(self, key: Any) -> bool:
        child = self._starting
        if child is None:
            return False
        last = child.last_life
        if self.has_groups:
            return bool(key == child.spec.id)
        return last is not None and key is last.ref

    # Starting.

    def _start(
        self, child: Child, *, is_restart: bool = False, timeout_s: float | None = None
    ) -> Failed | None:
        """Start a child and wait until it has started, has said "ignore", or has failed."""
        attempt = StartAttempt(child.spec, self._life.inbox.interrupt)
        self._attempt, self._starting = attempt, child
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            attempt.begin()
            in_time = self._wait_for(
                lambda: attempt.is_finished or attempt.is_cancelled, deadline, stoppable=True
            )
            if attempt.is_cancelled or not in_time:
                self._cancel(attempt)
                child.end()
            self._attempt = self._starting = None
        except Exit:
            self._cancel(attempt)
            self._attempt = self._starting = None
            raise  # after a kill or a crash the attempt stays known, to be cancelled at the end
        finally:
            cancellers, self._cancellers = self._cancellers, []
            for envelope in cancellers:
                envelope.answer(None)
        if not in_time:
            return Failed(Crashed(TimeoutError(f"not started within {timeout_s} seconds")))
        if attempt.is_cancelled:
            return Failed(SHUTDOWN, is_cancelled=True)
        if attempt.failure is not None:
            return Failed(attempt.failure)
        if attempt.child is None:
            child.end()
        else:
            self._link(child, attempt.child, is_restart=is_restart)
        return None

    def _link(self, child: Child, life: Life, *, is_restart: bool) -> None:
        child.run(life)
        child.restarts += is_restart
        reports.publish(
            "actor_restarted" if is_restart else "actor_started",
            reports.child_path(child),
            incarnation=child.incarnation,
            restarts=child.restarts,
            type=child.spec.type,
        )
        inbox = self._life.inbox
        life.watch(
            lambda ended: inbox.put(Envelope(ChildExited(child, ended), urgent=True)), first=True
        )

    def _cancel(self, attempt: StartAttempt) -> None:
        """Cancel a start and confirm that nothing of it lives."""
        begun = attempt.cancel()
        confirm_kills(begun)
        if not attempt.finished.wait(KILL_CONFIRM_S):
            if self._starting is not None:
                reports.start_leaked(self._starting)
        elif attempt.child is not None:
            attempt.child.request_kill()
            confirm_kills([attempt.child])

    # Deaths.

    def _handle_exit(self, child: Child, life: Life) -> None:
        if child.life is not life:
            return  # stopped, or replaced, by ourselves
        reason = life.reason
        spec = child.spec
        child.end()
        self._publish_exit(child, reason)
        if spec.restart == "permanent" or not is_orderly(reason):
            reports.report("child_terminated", self._life, child, reason, life.ref)
        if spec.restart == "permanent" or (spec.restart == "transient" and not is_orderly(reason)):
            self._restart(child)
        else:
            self._settle(child)

    def _settle(self, child: Child) -> None:
        """Keep or forget the spec of a child that ended for good."""
        child.end()
        if child.spec.restart == "temporary":
            self._remove(child)

    def _restart(self, child: Child) -> None:
        """Count a restart and do it, or give up."""
        child.end(ChildState.RESTARTING)
        if not self.intensity.note_restart():
            self._give_up(child)
        wait_s = delay_s(self.backoff, self.intensity.in_window())
        if wait_s > 0:
            self._schedule(child, wait_s, is_counted=True)
        else:
            self._perform_restart(child)

    def _restart_failed(self, child: Child, failed: Failed) -> None:
        """React to a restart that did not succeed: try again, with the mailbox served before."""
        if failed.is_cancelled:
            self._settle(child)
            return
        reports.report("start_error", self._life, child, failed.reason)
        child.end(ChildState.RESTARTING)
        self._schedule(child, 0.0, is_counted=False)

    def _schedule(self, child: Child, wait_s: float, *, is_counted: bool) -> None:
        child.retry = object()
        envelope = Envelope(RetryRestart(child, child.retry, is_counted))
        if wait_s <= 0:
            self._life.inbox.put(envelope)
            return
        child.timer = threading.Timer(wait_s, self._life.inbox.put, (envelope,))
        child.timer.daemon = True
        child.timer.start()

    def _handle_retry(self, child: Child, token: object, *, is_counted: bool) -> None:
        if child.retry is not token:
            return
        child.cancel_retry()
        if child.spec.restart == "temporary":  # since its policy was changed
            self._settle(child)
        elif is_counted:
            self._perform_restart(child)
        else:
            self._restart(child)

    def _give_up(self, child: Child) -> None:
        last = child.last_life
        reports.report(
            "shutdown",
            self._life,
            child,
            "reached_max_restart_intensity",
            last.ref if last is not None else None,
        )
        reports.publish("supervisor_gave_up", reports.path_of(self._life), child=str(child.spec.id))
        child.end()
        self._remove(child)
        raise Exit(SHUTDOWN)

    def _publish_exit(self, child: Child, reason: ExitReason) -> None:
        child.last_exit = reason
        reports.publish("actor_exited", reports.child_path(child), reason)

    # Stopping.

    def _stop_one(self, child: Child) -> None:
        """Stop a child by its spec and wait for its end."""
        self._stop_many([child])

    def _stop_many(self, children: Iterable[Child]) -> None:
        """Stop children by their specs, all at once, and wait for the end of all."""
        now = time.monotonic()
        stopping: list[tuple[float | None, Child, Life]] = []
        for child in children:
            life = child.life
            if life is None:
                child.end()
                continue
            spec = child.spec
            if spec.shutdown == "brutal_kill":
                life.request_kill()
                stopping.append((now, child, life))
            else:
                life.request_stop(SHUTDOWN)
                infinite = spec.shutdown == "infinity"
                stopping.append((None if infinite else now + float(spec.shutdown), child, life))
        stopping.sort(key=lambda entry: float("inf") if entry[0] is None else entry[0])
        for deadline, _, life in stopping:
            if not self._wait_for(lambda life=life: life.has_exited, deadline):  # type: ignore[misc]  # mypy cannot type a default in a lambda
                life.request_kill()
        confirm_kills(life for _, _, life in stopping)
        for _, child, life in stopping:
            child.end()
            self._publish_exit(child, life.reason)
            if not life.is_leaked and not _was_asked_for(child.spec, life.reason):
                reports.report("shutdown_error", self._life, child, life.reason, life.ref)

    # The handlers that both kinds share.

    def _terminate(self, key: Any) -> None:
        child = self._find(key)
        self._stop_one(child)
        self._settle(child)

    def _first_start(self, child: Child, timeout_s: float | None = None) -> Any:
        failed = self._start(child, timeout_s=timeout_s)
        if failed is not None:
            raise StartError(failed.reason)
        return child.ref

    def _no_such_child(self, key: Any) -> NotFound:
        return NotFound(f"{self.actor_ref} has no child {key!r}")


def _was_asked_for(spec: ChildSpec, reason: ExitReason) -> bool:
    """Whether a child that was stopped has ended as it was asked to."""
    if spec.shutdown == "brutal_kill":
        return bool(reason == KILLED)
    return is_shutdown(reason) or (reason == NORMAL and spec.restart != "permanent")
