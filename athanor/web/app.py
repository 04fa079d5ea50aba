"""The application factory: blueprints, guards and headers put together around one service."""

from __future__ import annotations

from flask import Flask

from athanor.domain.ports import Service
from athanor.web.app_state import AppState
from athanor.web.compression import install_compression
from athanor.web.documentation import documentation
from athanor.web.errors import install_error_handlers
from athanor.web.experiments import experiments
from athanor.web.guards import install_guards
from athanor.web.health import count_answers, health
from athanor.web.idempotency_keys import IdempotencyKeys
from athanor.web.instances import instances
from athanor.web.items import items
from athanor.web.live import install_live
from athanor.web.live_connections import LiveConnections
from athanor.web.ops import ops
from athanor.web.pages import install_shell_for_strangers, pages
from athanor.web.runs import runs
from athanor.web.security_headers import install_security_headers
from athanor.web.settings import WebSettings

__all__ = ["create_app"]


def create_app(service: Service, settings: WebSettings) -> Flask:
    """Make the application that serves ``service``. It holds no thread and no file open by itself."""
    app = Flask("athanor.web", static_folder=None)
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = settings.body_limit_bytes
    AppState(
        service=service,
        settings=settings,
        connections=LiveConnections(settings.live.max_connections),
        idempotency=IdempotencyKeys(settings.idempotency_keys),
    ).install(app)
    install_error_handlers(app, settings.retry_after_s)
    install_shell_for_strangers(app)
    install_guards(app)
    # They run in the opposite order: the body is compressed before the headers are final.
    install_security_headers(app)
    install_compression(app)
    count_answers(app)
    for blueprint in (experiments, instances, runs, items, ops, health, documentation, pages):
        app.register_blueprint(blueprint)
    install_live(app, settings.live)
    return app
