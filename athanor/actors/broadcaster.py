"""The Broadcaster: topics and who subscribed to them.

Started by root. It gets bytes and hands on bytes. A crash loses the table of subscribers and
whatever was published before the next one runs: the new one has every subscriber subscribe again,
and those then read from the database what they missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, assert_never

from athanor.actors.calls import cast
from athanor.actors.messages import (
    AskWatchers,
    ItemsCommitted,
    Publish,
    Resubscribe,
    StateChanged,
    Subscribe,
    Unsubscribe,
    WatchersChanged,
)
from athanor.actors.names import registered
from athanor.actors.process import Process
from athanor.domain.topics import parse_topic, run_topic

if TYPE_CHECKING:
    from athanor.actors.process import ProcessRef

__all__ = ["BROADCASTER", "SUBSCRIBER_PREFIX", "Broadcaster", "publish"]

BROADCASTER = "broadcaster"
SUBSCRIBER_PREFIX = "subscriber:"

Message = Publish | Subscribe | Unsubscribe | AskWatchers


def publish(changes: Iterable[StateChanged | ItemsCommitted]) -> None:
    """Have the broadcaster hand these on, in order.

    While there is none they are lost, as for a subscriber that was not there: whoever subscribes
    again reads the present state.
    """
    for change in changes:
        cast(BROADCASTER, Publish(change))


class Broadcaster(Process):
    """Routes what is published on a topic to its subscribers."""

    registered_name = BROADCASTER

    def __init__(self) -> None:
        super().__init__()
        self._topics: dict[str, dict[ProcessRef[Any], None]] = {}

    def on_start(self) -> None:
        """Have the subscribers of an earlier broadcaster subscribe again."""
        for name, ref in registered().items():
            if isinstance(name, str) and name.startswith(SUBSCRIBER_PREFIX):
                cast(ref, Resubscribe())

    def on_receive(self, message: Message) -> Any:
        """Handle one message."""
        match message:
            case Publish(what):
                return self._handle_publish(what)
            case Subscribe(topic, subscriber):
                return self._handle_subscribe(topic, subscriber)
            case Unsubscribe(topic, subscriber):
                return self._handle_unsubscribe(topic, subscriber)
            case AskWatchers(run_id):
                topic = run_topic(run_id)
                return self._tell_run_server(topic, watched=topic in self._topics)
            case _:
                assert_never(message)

    def _handle_publish(self, what: ItemsCommitted | StateChanged) -> None:
        topic = what.topic if isinstance(what, StateChanged) else run_topic(what.run_id)
        subscribers = self._topics.get(topic)
        if not subscribers:
            return
        gone = [subscriber for subscriber in subscribers if not cast(subscriber, what)]
        for subscriber in gone:
            self._handle_unsubscribe(topic, subscriber)

    def _handle_subscribe(self, topic: str, subscriber: ProcessRef[Any]) -> None:
        subscribers = self._topics.setdefault(topic, {})
        if not subscribers:
            self._tell_run_server(topic, watched=True)
        subscribers[subscriber] = None

    def _handle_unsubscribe(self, topic: str, subscriber: ProcessRef[Any]) -> None:
        subscribers = self._topics.get(topic)
        if subscribers is None:
            return
        subscribers.pop(subscriber, None)
        if not subscribers:
            del self._topics[topic]
            self._tell_run_server(topic, watched=False)

    @staticmethod
    def _tell_run_server(topic: str, *, watched: bool) -> None:
        """Let the server of a watched run look at its progress more often."""
        parsed = parse_topic(topic)
        if parsed is not None and parsed[0] == "run":
            cast(f"run_server:{parsed[1]}", WatchersChanged(watched))
