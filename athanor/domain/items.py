"""The items that a run emits and keeps: log lines, results and points of metrics.

One JSON line of a run's journal is one item. The same bytes with ``{"seq":N,`` in front are what
the page receives, so an item is encoded once. The kinds are told apart by their fields: a log line
has a ``level``, a result a ``key``, a metric a ``name``; a line with ``outcome`` ends the attempt.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = [
    "LEVELS",
    "MAX_DEPTH",
    "MAX_ITEM_BYTES",
    "MAX_KEY_CHARS",
    "MAX_LIVE_VALUE_BYTES",
    "MAX_PREVIEW_CHARS",
    "ItemKind",
    "normalise_level",
]


class ItemKind(StrEnum):
    """What an item is."""

    LOG = "log"
    RESULT = "result"
    METRIC = "metric"


LEVELS: Final[dict[str, int]] = {"debug": 10, "info": 20, "warn": 30, "error": 40}
"""The levels of a log line and their rank, which is how the database keeps them."""

MAX_ITEM_BYTES: Final = 64 * 1024 * 1024
"""An item's encoded size at the most; what is beyond is cut to text with a warning."""

MAX_DEPTH: Final = 500
"""How deep values may be nested; what is beyond is cut to text with a warning."""

MAX_KEY_CHARS: Final = 10_000
"""The longest key of a result, name of a metric or key inside a value, in characters."""

MAX_LIVE_VALUE_BYTES: Final = 16 * 1024
"""A result's value beyond this is announced and listed by its size and a preview."""

MAX_PREVIEW_CHARS: Final = 500
"""The length of that preview, in characters."""


def normalise_level(level: str) -> str:
    """Give the canonical level (``warning`` is ``warn``). Raises ``ValueError`` for an unknown one."""
    if level in LEVELS:
        return level
    if level == "warning":
        return "warn"
    raise ValueError(f"level: {level!r} is none of debug, info, warn, error")
