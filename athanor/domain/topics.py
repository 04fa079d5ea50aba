"""The topics of the live protocol and how one is told from another."""

from __future__ import annotations

from typing import Final
from uuid import UUID

__all__ = [
    "ACTIVE_RUNS",
    "INSTANCES",
    "OPS_TREE",
    "SYSTEM",
    "instance_topic",
    "parse_topic",
    "run_topic",
]

INSTANCES: Final = "experiments:instances"
ACTIVE_RUNS: Final = "experiments:runs:active"
OPS_TREE: Final = "ops:tree"
SYSTEM: Final = "system"

_PLAIN: Final = frozenset({INSTANCES, ACTIVE_RUNS, OPS_TREE, SYSTEM})
_INSTANCE: Final = "experiments:instance:"
_RUN: Final = "experiments:run:"


def instance_topic(instance_id: UUID) -> str:
    """Give the topic of one instance."""
    return f"{_INSTANCE}{instance_id}"


def run_topic(run_id: UUID) -> str:
    """Give the topic of one run."""
    return f"{_RUN}{run_id}"


def parse_topic(topic: str) -> tuple[str, UUID | None] | None:
    """Tell what a topic is: ``("plain", None)``, ``("instance", id)``, ``("run", id)``; None if it is none."""
    if topic in _PLAIN:
        return "plain", None
    for prefix, kind in ((_INSTANCE, "instance"), (_RUN, "run")):
        if topic.startswith(prefix):
            text = topic[len(prefix) :]
            try:
                identifier = UUID(text)
            except ValueError:
                return None
            return (kind, identifier) if str(identifier) == text else None
    return None
