"""Changing a policy while the supervisor runs; refused whole when any value is wrong.

Runs in the supervisor. What is changed is in force for the next death or stop; the restarts that
were counted stay counted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from athanor.actors import reports
from athanor.actors.child_spec import check_choice
from athanor.actors.intensity import RestartLimit, check_backoff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from athanor.actors.child import Child
    from athanor.actors.supervising import SupervisingProcess

__all__ = ["change_child_policy", "change_policy"]

_STRATEGIES = ("one_for_one", "one_for_all", "rest_for_one")


def change_policy(supervisor: SupervisingProcess, changes: Mapping[str, Any]) -> None:
    """Change ``strategy``, ``max_restarts``, ``max_seconds`` or ``backoff`` of a supervisor."""
    _refuse_unknown(changes, "strategy", "max_restarts", "max_seconds", "backoff")
    strategy = changes.get("strategy", supervisor.strategy)
    check_choice("strategy", strategy, _STRATEGIES if supervisor.has_groups else _STRATEGIES[:1])
    old = supervisor.intensity.limit
    limit = RestartLimit(
        changes.get("max_restarts", old.max_restarts), changes.get("max_seconds", old.max_seconds)
    )
    backoff = check_backoff(changes.get("backoff", supervisor.backoff))
    supervisor.strategy = strategy
    supervisor.intensity.limit = limit
    supervisor.backoff = backoff
    _announce(reports.path_of(supervisor.life), changes)


def change_child_policy(child: Child, changes: Mapping[str, Any]) -> None:
    """Change ``restart`` or ``shutdown`` of a child."""
    _refuse_unknown(changes, "restart", "shutdown")
    child.spec = replace(child.spec, **changes)
    _announce(reports.child_path(child), changes)


def _refuse_unknown(changes: Mapping[str, Any], *known: str) -> None:
    for key in changes:
        if key not in known:
            raise ValueError(f"{key} is no policy here; there are {', '.join(known)}")


def _announce(path: str, changes: Mapping[str, Any]) -> None:
    details = {k: v if isinstance(v, str | int | float) else repr(v) for k, v in changes.items()}
    reports.publish("policy_changed", path, **details)
