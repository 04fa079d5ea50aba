"""The DatabaseKeeper: the actor ``database``, which has the pool open and the embedded server up.

Started by root, first of all; its start has the database ready and migrated. It asks the server
for an answer on a clock. When none comes in time the database is away: calls are refused at once,
runs go on and their items wait in their journals. A server of our own that has ended is started
again. A crash loses nothing: pool and server outlive the actor and are taken up by the next one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, assert_never

from athanor.actors import announcements
from athanor.actors.broadcaster import publish
from athanor.actors.calls import cast
from athanor.actors.messages import Tick
from athanor.actors.process import Process
from athanor.actors.timers import Timer, send_after
from athanor.domain.errors import AthanorError

if TYPE_CHECKING:
    from athanor.actors.process import ProcessRef
    from athanor.domain.ports import DatabaseControl, DatabaseServer

__all__ = ["DATABASE", "DatabaseKeeper"]

DATABASE: Final = "database"
INTERVAL_S: Final = 0.5
PATIENCE_S: Final = 2.0
"""How long a probe may take before the database counts as away."""

logger = logging.getLogger("athanor.database")


@dataclass(frozen=True, slots=True)
class Probed:
    """A probe has ended; ``error`` says why it failed."""

    number: int
    error: str | None


Message = Tick | Probed


class DatabaseKeeper(Process):
    """Looks after one database: at ``url``, or the one that ``server`` starts.

    ``register`` takes this service's lease in it, once it is open.
    """

    registered_name = DATABASE

    def __init__(
        self,
        control: DatabaseControl,
        *,
        url: str | None,
        server: DatabaseServer | None,
        register: Callable[[], None],
    ) -> None:
        super().__init__()
        self._control = control
        self._url = url
        self._server = server
        self._register = register
        self._timer: Timer | None = None
        self._probe_number = 0
        self._probe_since: float | None = None

    def on_start(self) -> None:
        """Have the database ready. Raises ``DatabaseAway``, which fails the start."""
        if self._control.is_away:
            self._control.open(self._conninfo())
            self._register()
        self._timer = send_after(INTERVAL_S, self.actor_ref, Tick())

    def on_stop(self) -> None:
        """Close the pool and stop the server."""
        self._stop_clock()
        self._control.close()
        if self._server is not None:
            self._server.stop()

    def on_failure(self, *_: Any) -> None:
        """Stop the clock."""
        self._stop_clock()

    def on_receive(self, message: Message) -> Any:
        """Handle one message."""
        match message:
            case Tick():
                self._handle_tick()
            case Probed():
                self._handle_probed(message)
            case _:
                assert_never(message)

    def _handle_tick(self) -> None:
        now = time.monotonic()
        if self._probe_since is None:
            self._probe_number += 1
            self._probe_since = now
            threading.Thread(
                target=_probe,
                args=(self.actor_ref, self._probe_number, self._control, self._dead_server()),
                name="database-probe",
                daemon=True,
            ).start()
        elif now - self._probe_since > PATIENCE_S:
            self._handle_away(f"no answer within {PATIENCE_S:g} seconds")
            self._probe_since = None
        self._stop_clock()
        self._timer = send_after(INTERVAL_S, self.actor_ref, Tick())

    def _dead_server(self) -> DatabaseServer | None:
        """Give our own server when its process is gone."""
        server = self._server
        return server if server is not None and not server.is_alive() else None

    def _handle_probed(self, probed: Probed) -> None:
        if probed.number != self._probe_number or self._probe_since is None:
            return  # it was given up on; the next one counts
        self._probe_since = None
        if probed.error is not None:
            self._handle_away(probed.error)
        elif self._control.is_away:
            self._control.mark_back()
            logger.warning("the database is back")
            publish(announcements.system_changed("database_back"))

    def _handle_away(self, why: str) -> None:
        if not self._control.is_away:
            logger.warning("the database is away: %s", why)
            publish(announcements.system_changed("database_away", message=why))
        self._control.mark_away(why)

    def _conninfo(self) -> str:
        if self._server is not None:
            return self._server.start()
        if self._url is None:
            raise ValueError("a database keeper has a url or a server")
        return self._url

    def _stop_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _probe(
    keeper: ProcessRef[DatabaseKeeper],
    number: int,
    control: DatabaseControl,
    dead_server: DatabaseServer | None,
) -> None:
    """Start our own server again if it is dead, and ask for an answer; runs beside the keeper."""
    error: str | None = None
    try:
        if dead_server is not None:
            dead_server.start()
        control.probe()
    except AthanorError as refused:
        error = refused.message
    except Exception as unexpected:
        logger.exception("the probe of the database failed")
        error = str(unexpected)
    cast(keeper, Probed(number, error))
