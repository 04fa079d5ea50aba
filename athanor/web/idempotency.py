"""Answering a ``POST`` once for all requests with its ``Idempotency-Key``."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from athanor.web.app_state import state
from athanor.web.reading import body_bytes

__all__ = ["once"]


def once(make: Callable[[], Response]) -> Response:
    """Give the remembered answer to the present request, or make it."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return make()
    return state().idempotency.once(key, request.path, body_bytes(), make)
