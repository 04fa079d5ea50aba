"""Waiting in tests: for a condition, with a deadline, instead of for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], timeout_s: float = 30.0, interval_s: float = 0.01) -> T:
    """Give the first true value of ``condition``; ``AssertionError`` when there is none in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout_s} seconds: {condition}")
        time.sleep(interval_s)
