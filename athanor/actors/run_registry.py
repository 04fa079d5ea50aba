"""The RunRegistry: which run has a unit, and the only one that starts and ends units.

Started by root, before the run supervisor's children exist. A crash loses nothing: the map is the
names of the units that live.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, assert_never
from uuid import UUID

from athanor.actors.calls import cast
from athanor.actors.messages import PrepareStop, RunEnded, StartRun
from athanor.actors.names import registered, whereis
from athanor.actors.process import Process
from athanor.actors.refusals import NoProcess, NotFound, StartError
from athanor.actors.supervisor import ChildSpec, start_child, terminate_child
from athanor.actors.writer import RUN_SERVER_PREFIX

if TYPE_CHECKING:
    from athanor.actors.process import ProcessRef

__all__ = ["RUN_REGISTRY", "RUN_SUPERVISOR", "UNIT_PREFIX", "RunRegistry", "unit_name"]

RUN_REGISTRY: Final = "run_registry"
RUN_SUPERVISOR: Final = "run_supervisor"
UNIT_PREFIX: Final = "unit:"

Message = StartRun | RunEnded | PrepareStop


def unit_name(run_id: UUID) -> str:
    """Give the name of a run's unit."""
    return f"{UNIT_PREFIX}{run_id}"


class RunRegistry(Process):
    """Starts a unit for a run and ends it after the run; ``start_unit`` makes one and gives its ref."""

    registered_name = RUN_REGISTRY

    def __init__(self, start_unit: Callable[[UUID], ProcessRef[Any]]) -> None:
        super().__init__()
        self._start_unit = start_unit
        self._is_stopping = False

    def on_receive(self, message: Message) -> Any:
        """Handle one message."""
        match message:
            case StartRun(run_id):
                return self._handle_start(run_id)
            case RunEnded(run_id):
                return self._handle_ended(run_id)
            case PrepareStop():
                return self._handle_prepare_stop()
            case _:
                assert_never(message)

    def _handle_start(self, run_id: UUID) -> bool:
        """Start the run's unit; False when it has one, or no new ones are taken."""
        if self._is_stopping or whereis(unit_name(run_id)) is not None:
            return False
        supervisor = whereis(RUN_SUPERVISOR)
        if supervisor is None:
            return False  # the reconciler asks again
        spec = ChildSpec(
            id=str(run_id),
            start=self._start_unit,
            args=(run_id,),
            restart="temporary",
            type="supervisor",
        )
        try:
            start_child(supervisor, spec)
        except (NoProcess, StartError):
            return False
        return True

    def _handle_ended(self, run_id: UUID) -> None:
        unit, supervisor = whereis(unit_name(run_id)), whereis(RUN_SUPERVISOR)
        if unit is None or supervisor is None:
            return
        try:
            terminate_child(supervisor, unit)
        except (NoProcess, NotFound):
            return

    def _handle_prepare_stop(self) -> None:
        self._is_stopping = True
        for name, ref in registered().items():
            if isinstance(name, str) and name.startswith(RUN_SERVER_PREFIX):
                cast(ref, PrepareStop())
