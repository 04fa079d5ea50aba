"""The Subscriber: one websocket, with a cursor and not a queue for each run that it watches.

Started by the subscriber supervisor, temporary. A publication that follows the cursor is sent as
it is when the connection has room; anything else makes the subscriber read on from the database
until it is level. Replay, a lost publication, a restarted broadcaster and a slow reader are this
one mechanism, with one page of memory. A crash loses nothing but the socket: the page connects
again with its last seq.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, assert_never
from uuid import UUID, uuid4

import msgspec

from athanor.actors import announcements
from athanor.actors.broadcaster import BROADCASTER, SUBSCRIBER_PREFIX
from athanor.actors.calls import call, cast
from athanor.actors.frames import reply_frame
from athanor.actors.messages import (
    ItemsCommitted,
    Resubscribe,
    StateChanged,
    Subscribe,
    Unsubscribe,
)
from athanor.actors.process import Process
from athanor.actors.refusals import NoProcess
from athanor.actors.subscription import PAGE_ITEMS, RunSubscription, StateSubscription
from athanor.actors.timers import Timer, send_after
from athanor.domain.errors import AthanorError, DatabaseAway, InvalidInput
from athanor.domain.ports import RunFilter
from athanor.domain.run import RunStatus
from athanor.domain.shapes import instance_json, run_json
from athanor.domain.topics import ACTIVE_RUNS, INSTANCES, OPS_TREE, SYSTEM, parse_topic

if TYPE_CHECKING:
    from athanor.domain.ports import Connection, Stores

__all__ = ["Drained", "FrameReceived", "SocketClosed", "Subscriber"]

MAX_TOPICS: Final = 500
LISTED: Final = 50
AWAY_RETRY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """The client sent this."""

    frame: str | bytes


@dataclass(frozen=True, slots=True)
class Drained:
    """The connection has room again."""


@dataclass(frozen=True, slots=True)
class SocketClosed:
    """The socket is gone."""


@dataclass(frozen=True, slots=True)
class ReadOn:
    """Send the next page of a run that is not level."""

    topic: str


Message = (
    FrameReceived | Drained | SocketClosed | ReadOn | Resubscribe | ItemsCommitted | StateChanged
)


class Subscriber(Process):
    """Serves one websocket; ``present`` gives the present state of the topics that no store knows."""

    def __init__(
        self, connection: Connection, stores: Stores, present: Callable[[str], dict[str, Any]]
    ) -> None:
        super().__init__(name=f"{SUBSCRIBER_PREFIX}{uuid4()}")
        self._connection = connection
        self._stores = stores
        self._present = present
        self._runs: dict[str, RunSubscription] = {}
        self._states: dict[str, StateSubscription] = {}
        self._replies: list[bytes] = []
        self._away_timer: Timer | None = None

    def on_stop(self) -> None:
        """Leave the topics and close the socket, telling the page to connect again."""
        self._leave()
        self._connection.close(1012, "the service is restarting")

    def on_receive(self, message: Message) -> Any:
        """Handle one message."""
        match message:
            case ItemsCommitted():
                self._handle_items(message)
            case StateChanged():
                self._handle_state(message)
            case FrameReceived(frame):
                self._handle_frame(frame)
            case Drained():
                self._handle_drained()
            case ReadOn(topic):
                self._handle_read_on(topic)
            case Resubscribe():
                self._handle_resubscribe()
            case SocketClosed():
                self._leave()
                self.stop()
            case _:
                assert_never(message)

    # --- what is published ------------------------------------------------------------------

    def _handle_items(self, published: ItemsCommitted) -> None:
        topic = f"experiments:run:{published.run_id}"
        subscription = self._runs.get(topic)
        if subscription is not None:
            was_reading = subscription.reading
            subscription.items_committed(published, self._send)
            self._read_on_if_new(subscription, was_reading=was_reading)

    def _handle_state(self, change: StateChanged) -> None:
        run = self._runs.get(change.topic)
        if run is not None:
            was_reading = run.reading
            run.changed(change, self._send)
            self._read_on_if_new(run, was_reading=was_reading)
            return
        state = self._states.get(change.topic)
        if state is not None:
            state.changed(change, self._send)

    def _read_on_if_new(self, subscription: RunSubscription, *, was_reading: bool) -> None:
        if subscription.reading and not was_reading:
            cast(self.actor_ref, ReadOn(subscription.topic))

    def _handle_read_on(self, topic: str) -> None:
        subscription = self._runs.get(topic)
        if subscription is None or not subscription.reading:
            return
        if subscription.gave_up_on_lag(self._send):
            return
        try:
            items = self._stores.items.after(subscription.run_id, subscription.cursor, PAGE_ITEMS)
        except DatabaseAway:
            self._look_again_later()
            return
        if not subscription.page(items, self._send):
            return  # no room: ``Drained`` comes when there is
        if subscription.reading:
            time.sleep(0)  # a long replay lets the others in between two pages
            cast(self.actor_ref, ReadOn(topic))

    def _handle_drained(self) -> None:
        replies, self._replies = self._replies, []
        for reply in replies:
            self._answer(reply)
        for state in self._states.values():
            state.flush(self._send)
        for run in self._runs.values():
            run.flush(self._send)
            if run.reading:
                cast(self.actor_ref, ReadOn(run.topic))

    def _look_again_later(self) -> None:
        if self._away_timer is None or not self._away_timer.is_alive():
            self._away_timer = send_after(AWAY_RETRY_S, self.actor_ref, Drained())

    def _handle_resubscribe(self) -> None:
        """Enter the topics at a new broadcaster, and send what changed while there was none."""
        for topic, run in list(self._runs.items()):
            cast(BROADCASTER, Subscribe(topic, self.actor_ref))
            with contextlib.suppress(AthanorError):
                self._catch_up(run)
        for topic in list(self._states):
            cast(BROADCASTER, Subscribe(topic, self.actor_ref))
            with contextlib.suppress(AthanorError):
                for change in self._newest(topic):
                    self._handle_state(change)

    def _catch_up(self, subscription: RunSubscription) -> None:
        run = self._stores.runs.get(subscription.run_id)
        event: announcements.RunEvent = "run_completed" if run.status.is_final else "run_updated"
        subscription.committed = max(subscription.committed, run.seq)
        subscription.reading = subscription.cursor < subscription.committed
        for change in announcements.run_changed(run, event):
            if change.topic == subscription.topic:
                self._handle_state(change)
        if subscription.reading:
            cast(self.actor_ref, ReadOn(subscription.topic))

    def _newest(self, topic: str) -> list[StateChanged]:
        """Give announcements of the newest things on a topic of lists."""
        if topic == INSTANCES:
            return [
                change
                for instance in self._stores.instances.list(LISTED, None).items
                for change in announcements.instance_changed(instance)
                if change.topic == topic
            ]
        parsed = parse_topic(topic)
        instance_id = parsed[1] if parsed else None
        if topic != ACTIVE_RUNS and instance_id is None:
            return []
        return [
            change
            for run in self._stores.runs.list(
                RunFilter(instance_id=instance_id), LISTED, None
            ).items
            for change in announcements.run_changed(
                run, "run_completed" if run.status.is_final else "run_updated"
            )
            if change.topic == topic
        ]

    # --- what the client says ---------------------------------------------------------------

    def _handle_frame(self, frame: str | bytes) -> None:
        try:
            message = msgspec.json.decode(frame)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            self._refuse(None, InvalidInput("a frame is a JSON object"))
            return
        if not isinstance(message, dict):
            self._refuse(None, InvalidInput("a frame is a JSON object"))
            return
        ref = message.get("ref")
        try:
            match message.get("op"):
                case "ping":
                    self._answer(reply_frame("pong", ref))
                case "subscribe":
                    self._subscribe(message, ref)
                case "unsubscribe":
                    topic = self._topic(message)[0]
                    self._forget(topic)
                    self._answer(reply_frame("unsubscribed", ref, topic=topic))
                case _:
                    raise InvalidInput("op: it is none of subscribe, unsubscribe, ping", field="op")
        except AthanorError as error:
            self._refuse(ref, error, message.get("topic"))

    @staticmethod
    def _topic(message: dict[str, Any]) -> tuple[str, str, UUID | None]:
        topic = message.get("topic")
        parsed = parse_topic(topic) if isinstance(topic, str) else None
        if parsed is None:
            raise InvalidInput("topic: there is no such topic", field="topic")
        return (topic, *parsed)  # type: ignore[return-value] # parsed means that it is text

    def _subscribe(self, message: dict[str, Any], ref: Any) -> None:
        topic, kind, identifier = self._topic(message)
        after = message.get("after")
        if after is not None and (
            not isinstance(after, int) or isinstance(after, bool) or not 0 <= after < 2**63
        ):
            raise InvalidInput("after: it is a seq, a whole number from 0, or null", field="after")
        if len(self._runs) + len(self._states) >= MAX_TOPICS and not (
            topic in self._runs or topic in self._states
        ):
            raise InvalidInput(f"topic: a connection has at most {MAX_TOPICS} subscriptions")
        # First the topic, then the state: what is published in between waits in the inbox.
        with contextlib.suppress(NoProcess):
            call(BROADCASTER, Subscribe(topic, self.actor_ref))
        try:
            if kind == "run" and identifier is not None:
                self._subscribe_run(topic, identifier, after, ref)
            else:
                seq, state = None, self._state(topic, kind, identifier)
                self._states[topic] = StateSubscription(topic)
                self._answer(reply_frame("subscribed", ref, topic=topic, seq=seq, data=state))
        except AthanorError:
            if topic not in self._runs and topic not in self._states:
                cast(BROADCASTER, Unsubscribe(topic, self.actor_ref))
            raise

    def _subscribe_run(self, topic: str, run_id: UUID, after: int | None, ref: Any) -> None:
        run = self._stores.runs.get(run_id)
        cursor = run.seq if after is None else min(after, run.seq)
        subscription = RunSubscription(topic, run_id, cursor, run.seq)
        self._runs[topic] = subscription
        self._answer(
            reply_frame("subscribed", ref, topic=topic, seq=run.seq, data={"run": run_json(run)})
        )
        if after is None:
            return
        subscription.reading = subscription.replaying = cursor < run.seq
        if run.status.is_final:
            for change in announcements.run_changed(run, "run_completed"):
                if change.topic == topic:
                    subscription.changed(change, self._send)
        if subscription.reading:
            cast(self.actor_ref, ReadOn(topic))

    def _state(self, topic: str, kind: str, identifier: UUID | None) -> dict[str, Any]:
        """Give the present state of a topic."""
        if kind == "instance" and identifier is not None:
            return {"instance": instance_json(self._stores.instances.get(identifier))}
        if topic == INSTANCES:
            page = self._stores.instances.list(LISTED, None)
            return {"instances": [instance_json(instance) for instance in page.items]}
        if topic == ACTIVE_RUNS:
            active = RunFilter(statuses=(RunStatus.PENDING, RunStatus.RUNNING))
            runs = self._stores.runs.list(active, 500, None)
            return {"runs": [run_json(run) for run in runs.items]}
        return self._present(topic) if topic in (OPS_TREE, SYSTEM) else {}

    def _forget(self, topic: str) -> None:
        self._runs.pop(topic, None)
        self._states.pop(topic, None)
        cast(BROADCASTER, Unsubscribe(topic, self.actor_ref))

    def _leave(self) -> None:
        for topic in (*self._runs, *self._states):
            cast(BROADCASTER, Unsubscribe(topic, self.actor_ref))
        self._runs.clear()
        self._states.clear()
        if self._away_timer is not None:
            self._away_timer.cancel()

    # --- what is sent -----------------------------------------------------------------------

    def _send(self, frames: Any) -> bool:
        return self._connection.offer(frames)

    def _answer(self, frame: bytes) -> None:
        """Send an answer, after those that wait for room."""
        if self._replies or not self._connection.offer([frame]):
            self._replies.append(frame)
            if len(self._replies) > MAX_TOPICS:
                # It asks and does not read: nothing that it still wants can be told.
                self._connection.close(1013, "too many answers wait to be read")

    def _refuse(self, ref: Any, error: AthanorError, topic: Any = None) -> None:
        members: dict[str, Any] = {
            "error": {"code": error.code, "message": error.message, "details": error.details}
        }
        if isinstance(topic, str):
            members["topic"] = topic
        self._answer(reply_frame("error", ref, **members))
