"""For those who watch the service: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Flask, Response

from athanor.web.answering import json_answer, raw_answer
from athanor.web.app_state import service, state, state_of
from athanor.web.errors import error_body
from athanor.web.openapi import documented
from athanor.web.prometheus import exposition
from athanor.web.schemas import answers

__all__ = ["count_answers", "health"]

health = Blueprint("health", __name__)


@health.get("/healthz")
@documented("service", answers.Health)
def healthz() -> Response:
    """Tell that the process is alive and answers; looks at nothing else."""
    return raw_answer(b'{"status":"ok"}')


@health.get("/readyz")
@documented("service", answers.Readiness, other={503: answers.NotReady})
def readyz() -> Response:
    """Tell whether every part is ready: the database and the tree."""
    parts = service().readiness()
    missing = [part for part, is_ready in parts.items() if not is_ready]
    if not missing:
        return json_answer({"ready": True, "parts": parts})
    body = error_body("not_ready", f"not ready: {', '.join(missing)}", {"parts": parts})
    response = json_answer({"ready": False, "parts": parts, **body}, HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = str(state().settings.retry_after_s)
    return response


@health.get("/metrics")
@documented("service", None)
def metrics() -> Response:
    """Give the numbers of this process in Prometheus' text format."""
    return Response(exposition(state()), mimetype="text/plain", content_type=_PROMETHEUS_TYPE)


_PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def count_answers(app: Flask) -> None:
    """Count the answers of this application by status, for ``/metrics``."""

    def count(response: Response) -> Response:
        answered = state_of(app).answered
        answered[response.status_code] = answered.get(response.status_code, 0) + 1
        return response

    app.after_request(count)
