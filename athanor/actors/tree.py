"""The supervision tree: what there is, in the order of its start, and with which policy.

::

    root  (one_for_one)
    ├── database
    ├── broadcaster
    ├── writer
    ├── run_registry
    ├── run_supervisor       (dynamic)
    │     └── unit of a run  (temporary supervisor)
    │           └── run_server
    ├── subscriber_supervisor (dynamic)
    ├── reconciler
    └── web
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from athanor.actors.broadcaster import BROADCASTER, Broadcaster
from athanor.actors.database_keeper import DATABASE, DatabaseKeeper
from athanor.actors.reconciler import RECONCILER, Reconciler
from athanor.actors.run_registry import RUN_REGISTRY, RUN_SUPERVISOR, RunRegistry, unit_name
from athanor.actors.run_server import RunServer, RunServerParts
from athanor.actors.supervisor import ChildSpec, DynamicSupervisor, Supervisor
from athanor.actors.web_keeper import WEB, ListeningServer, WebKeeper
from athanor.actors.writer import WRITER, Writer

if TYPE_CHECKING:
    from athanor.actors.process import ProcessRef
    from athanor.domain.ports import DatabaseControl, DatabaseServer

__all__ = ["ROOT", "SUBSCRIBER_SUPERVISOR", "TreeParts", "start_tree"]

ROOT: Final = "root"
SUBSCRIBER_SUPERVISOR: Final = "subscriber_supervisor"


@dataclass(frozen=True, slots=True)
class TreeParts:
    """What the actors of the tree are made of; ``register`` takes this service's lease."""

    control: DatabaseControl
    database_url: str | None
    database_server: DatabaseServer | None
    runs: RunServerParts
    register: Callable[[], None]
    make_web_server: Callable[[], ListeningServer]
    reconcile_interval_s: float = 5.0


def start_tree(parts: TreeParts) -> ProcessRef[Any]:
    """Start everything, in order, and give root. Raises ``StartError`` when something does not start."""

    def start_unit(run_id: UUID) -> ProcessRef[Any]:
        server = ChildSpec(
            id="run_server", start=RunServer, args=(run_id, parts.runs), restart="transient"
        )
        return Supervisor.start_link(
            children=[server], max_restarts=10, max_seconds=60.0, name=unit_name(run_id)
        )

    def start_dynamic(name: str) -> ProcessRef[Any]:
        return DynamicSupervisor.start_link(name=name)

    return Supervisor.start_link(
        name=ROOT,
        strategy="one_for_one",
        max_restarts=3,
        max_seconds=5.0,
        children=[
            ChildSpec(
                id=DATABASE,
                start=DatabaseKeeper,
                args=(parts.control,),
                kwargs={
                    "url": parts.database_url,
                    "server": parts.database_server,
                    "register": parts.register,
                },
                # Long enough for the embedded server to write its checkpoint.
                shutdown=30.0,
            ),
            ChildSpec(id=BROADCASTER, start=Broadcaster),
            ChildSpec(id=WRITER, start=Writer, args=(parts.runs.stores.items, parts.runs.owner)),
            ChildSpec(id=RUN_REGISTRY, start=RunRegistry, args=(start_unit,)),
            ChildSpec(
                id=RUN_SUPERVISOR, start=start_dynamic, args=(RUN_SUPERVISOR,), type="supervisor"
            ),
            ChildSpec(
                id=SUBSCRIBER_SUPERVISOR,
                start=start_dynamic,
                args=(SUBSCRIBER_SUPERVISOR,),
                type="supervisor",
            ),
            ChildSpec(
                id=RECONCILER, start=Reconciler, args=(parts.runs, parts.reconcile_interval_s)
            ),
            ChildSpec(id=WEB, start=WebKeeper, args=(parts.make_web_server,)),
        ],
    )
