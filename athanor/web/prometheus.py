"""The text that Prometheus reads. A handful of numbers that are true at the moment they are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from athanor.web.app_state import AppState

__all__ = ["exposition"]

Samples = Mapping[tuple[tuple[str, str], ...], float]


def exposition(state: AppState) -> str:
    """Give every metric: build, readiness, actors by state, restarts, websockets, answers."""
    nodes = list(_nodes(state.service.tree()))
    actors = Counter(str(node.get("state", "unknown")) for node in nodes)
    restarts = sum(int(node.get("restarts") or 0) for node in nodes)
    lines = [
        *_metric(
            "athanor_build_info",
            "gauge",
            "The version that runs.",
            {(("version", state.settings.version),): 1},
        ),
        *_metric(
            "athanor_ready",
            "gauge",
            "Whether a part is ready.",
            {(("part", part),): int(ready) for part, ready in state.service.readiness().items()},
        ),
        *_metric(
            "athanor_actors",
            "gauge",
            "Actors of the supervision tree by state.",
            {(("state", name),): count for name, count in sorted(actors.items())},
        ),
        *_metric(
            "athanor_actor_restarts",
            "gauge",
            "Restarts of the actors that are in the tree now.",
            {(): restarts},
        ),
        *_metric(
            "athanor_live_connections",
            "gauge",
            "Open websockets.",
            {(): len(state.connections)},
        ),
        *_metric(
            "athanor_http_responses_total",
            "counter",
            "Answers by status since this process started.",
            {(("status", str(code)),): n for code, n in sorted(state.answered.items())},
        ),
    ]
    return "\n".join(lines) + "\n"


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting = [node] if node else []
    while waiting:
        present = waiting.pop()
        yield present
        waiting.extend(present.get("children") or ())


def _metric(name: str, kind: str, text: str, samples: Samples) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples.items():
        shown = ",".join(f'{label}="{_escaped(of)}"' for label, of in labels)
        yield f"{name}{{{shown}}} {value}" if shown else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
