"""What an application holds besides Flask's own things, and how a view gets at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from flask import Flask, current_app

from athanor.domain.ports import Service
from athanor.web.idempotency_keys import IdempotencyKeys
from athanor.web.live_connections import LiveConnections
from athanor.web.settings import WebSettings

__all__ = ["AppState", "service", "state", "state_of"]

_KEY: Final = "athanor"


@dataclass(slots=True)
class AppState:
    """The service behind an application, its settings, and what it remembers while it runs."""

    service: Service
    settings: WebSettings
    connections: LiveConnections
    idempotency: IdempotencyKeys
    answered: dict[int, int] = field(default_factory=dict)
    openapi: bytes | None = None

    def install(self, app: Flask) -> None:
        """Attach it to its application."""
        app.extensions[_KEY] = self


def state_of(app: Flask) -> AppState:
    """Give the state of an application."""
    found: AppState = app.extensions[_KEY]
    return found


def state() -> AppState:
    """Give the state of the application that answers the present request."""
    return state_of(current_app)


def service() -> Service:
    """Give the service behind the present request."""
    return state().service
