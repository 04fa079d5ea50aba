"""The one client of the actors: what the web layer may ask of the service, as plain calls.

Runs in the caller's thread or greenlet. It reads from the stores by itself and sends to the actors
what changes something or must be in order.
"""

from __future__ import annotations

import platform
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from athanor.actors import announcements
from athanor.actors.broadcaster import publish
from athanor.actors.calls import call, cast
from athanor.actors.messages import CancelRun, StartRun
from athanor.actors.names import whereis
from athanor.actors.refusals import NoProcess, Refusal
from athanor.actors.run_registry import RUN_REGISTRY
from athanor.actors.subscriber import Drained, FrameReceived, SocketClosed, Subscriber
from athanor.actors.supervisor import ChildSpec, start_child
from athanor.actors.tree import ROOT, SUBSCRIBER_SUPERVISOR
from athanor.actors.tree_view import ActorNode, tree
from athanor.actors.writer import RUN_SERVER_PREFIX
from athanor.domain.errors import (
    ExperimentUnavailable,
    RunIsFinal,
    ServiceStopping,
    ValidationFailed,
)
from athanor.domain.run import (
    Cancellation,
    ExitReason,
    NewRun,
    Outcome,
    RunStatus,
)
from athanor.domain.shapes import cancellation_json
from athanor.domain.topics import OPS_TREE, SYSTEM

if TYPE_CHECKING:
    from datetime import datetime

    from athanor.actors.process import ProcessRef
    from athanor.domain.execution import ExperimentEntry
    from athanor.domain.instance import Instance
    from athanor.domain.ports import (
        Connection,
        DatabaseControl,
        Executions,
        ExperimentCatalog,
        Stores,
    )
    from athanor.domain.run import Run

__all__ = ["ServiceClient", "SocketHandle"]

MAX_SEED: Final = 2**63


@dataclass(frozen=True, slots=True)
class SocketHandle:
    """Implements ``athanor.domain.ports.SubscriberHandle`` by telling the subscriber."""

    subscriber: ProcessRef[Any]

    def receive(self, frame: str | bytes) -> None:
        """Hand over a frame that the client sent."""
        cast(self.subscriber, FrameReceived(frame))

    def drained(self) -> None:
        """Say that the connection has room again."""
        cast(self.subscriber, Drained())

    def close(self) -> None:
        """Say that the socket is gone."""
        cast(self.subscriber, SocketClosed())


@dataclass(slots=True)
class ServiceClient:
    """Implements ``athanor.domain.ports.Service``; ``now`` gives the time in UTC."""

    stores: Stores
    catalog: ExperimentCatalog
    executions: Executions
    control: DatabaseControl
    owner: UUID
    version: str
    now: Callable[[], datetime]
    is_stopping: bool = field(default=False)

    # --- instances --------------------------------------------------------------------------

    def create_instance(
        self, experiment: str, name: str, description: str, configuration: Any
    ) -> Instance:
        """See the port."""
        valid = self._validated(experiment, configuration)
        instance = self.stores.instances.create(experiment, name, description, valid)
        publish(announcements.instance_created(instance))
        return instance

    def update_instance(
        self, instance_id: UUID, changes: dict[str, Any], expected_revision: int | None
    ) -> Instance:
        """See the port."""
        if "configuration" in changes:
            present = self.stores.instances.get(instance_id)
            configuration = self._validated(present.experiment, changes["configuration"])
            changes = {**changes, "configuration": configuration}
        instance = self.stores.instances.update(instance_id, changes, expected_revision)
        publish(announcements.instance_changed(instance))
        return instance

    def delete_instance(self, instance_id: UUID) -> None:
        """See the port."""
        for run_id in self.stores.instances.delete(instance_id):
            self.executions.delete_files(run_id)
            publish(announcements.run_deleted(run_id, instance_id))
        publish(announcements.instance_deleted(instance_id))

    def _validated(self, experiment: str, configuration: Any) -> dict[str, Any]:
        validation = self.catalog.validate(experiment, configuration)
        if not validation.valid:
            raise ValidationFailed(
                f"the configuration is not valid for {experiment}",
                errors=[
                    {**error, "loc": ["configuration", *error["loc"]]}
                    for error in validation.errors
                ],
            )
        valid: dict[str, Any] = validation.configuration
        return valid

    # --- runs -------------------------------------------------------------------------------

    def start_run(self, instance_id: UUID, seed: int | None = None) -> Run:
        """See the port."""
        if self.is_stopping:
            raise ServiceStopping("the service is stopping and starts no new runs")
        instance = self.stores.instances.get(instance_id)
        entry = self.catalog.get(instance.experiment)
        if entry.error is not None:
            raise ExperimentUnavailable(
                f"{instance.experiment} cannot be imported", error=entry.error
            )
        run = self.stores.runs.create(
            NewRun(
                id=uuid4(),
                instance_id=instance_id,
                experiment=instance.experiment,
                configuration=self._validated(instance.experiment, instance.configuration),
                isolation=entry.isolation,
                seed=secrets.randbelow(MAX_SEED) if seed is None else seed,
                owner=self.owner,
                provenance=self._provenance(entry),
            )
        )
        publish(announcements.run_changed(run, "run_created"))
        publish(announcements.instance_changed(self.stores.instances.get(instance_id)))
        # Should there be no registry at this moment, the reconciler finds the run.
        cast(RUN_REGISTRY, StartRun(run.id))
        return run

    def cancel_run(self, run_id: UUID, by: str) -> bool:
        """See the port."""
        server = whereis(f"{RUN_SERVER_PREFIX}{run_id}")
        if server is not None:
            try:
                changed: bool = call(server, CancelRun(by))
            except NoProcess:
                pass  # it has just ended: the database knows how
            else:
                return changed
        run = self.stores.runs.get(run_id)
        if run.status.is_final:
            raise RunIsFinal(f"the run is {run.status.value} already", status=run.status.value)
        if run.cancel is not None:
            return False
        cancel = Cancellation(by=by, asked_at=self.now())
        if run.status is RunStatus.PENDING:
            outcome = Outcome(ExitReason.CANCELLED, None, cancellation_json(cancel) or {})
            ended = self.stores.runs.finish(run_id, run.owner, RunStatus.CANCELLED, outcome, cancel)
            if ended is not None:
                publish(announcements.run_changed(ended, "run_completed"))
                publish(
                    announcements.instance_changed(self.stores.instances.get(ended.instance_id))
                )
                return True
        # Running without a server: written down, and the next server of the run reads it.
        saved = self.stores.runs.save_cancellation(run_id, run.owner, cancel)
        if saved is None:
            return self.cancel_run(run_id, by)
        publish(announcements.run_changed(saved, "run_updated"))
        cast(RUN_REGISTRY, StartRun(run_id))
        return True

    def delete_run(self, run_id: UUID) -> None:
        """See the port."""
        run = self.stores.runs.get(run_id)
        self.stores.runs.delete(run_id)
        self.executions.delete_files(run_id)
        publish(announcements.run_deleted(run_id, run.instance_id))
        publish(announcements.instance_changed(self.stores.instances.get(run.instance_id)))

    def _provenance(self, entry: ExperimentEntry) -> dict[str, Any]:
        return {
            "athanor": self.version,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "host": platform.node(),
            "experiment_version": entry.version,
            "source": f"{entry.source.location}:{entry.source.attribute}",
        }

    # --- the rest ---------------------------------------------------------------------------

    def register_file(self, path: str) -> tuple[ExperimentEntry, ...]:
        """See the port."""
        entries = self.catalog.register_file(path)
        publish(
            announcements.system_changed(
                "experiments_changed", experiments=[entry.name for entry in entries]
            )
        )
        return entries

    def tree(self) -> dict[str, Any]:
        """See the port."""
        root = whereis(ROOT)
        return _node_json(tree(root)) if root is not None else {}

    def readiness(self) -> dict[str, bool]:
        """See the port."""
        return {
            "database": not self.control.is_away,
            "tree": whereis(ROOT) is not None and whereis(RUN_REGISTRY) is not None,
            "accepting": not self.is_stopping,
        }

    def subscribe(self, connection: Connection) -> SocketHandle:
        """See the port."""
        spec = ChildSpec(
            id="subscriber",
            start=Subscriber,
            args=(connection, self.stores, self._present),
            restart="temporary",
        )
        try:
            return SocketHandle(start_child(SUBSCRIBER_SUPERVISOR, spec))
        except Refusal as error:
            raise ServiceStopping("no subscriber can be started at this moment") from error

    def _present(self, topic: str) -> dict[str, Any]:
        if topic == OPS_TREE:
            return {"tree": self.tree()}
        if topic == SYSTEM:
            return {"database": "away" if self.control.is_away else "ready"}
        return {}


def _node_json(node: ActorNode) -> dict[str, Any]:
    """Give an actor of the tree, and those below it, as the contract shows them."""
    shown = {
        name: getattr(node, name)
        for name in (
            "id",
            "path",
            "type",
            "actor",
            "name",
            "state",
            "incarnation",
            "restarts",
            "uptime_s",
            "inbox",
            "oldest_message_s",
            "handler_s",
            "last_exit",
        )
    }
    return {
        **shown,
        "policy": asdict(node.policy),
        "children": [_node_json(child) for child in node.children],
    }
