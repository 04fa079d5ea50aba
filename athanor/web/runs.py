"""Executions of instances: ``/api/v1/runs``."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request

from athanor.domain.ports import RunFilter
from athanor.domain.shapes import run_json
from athanor.web.answering import json_answer, no_content, page_answer
from athanor.web.app_state import service
from athanor.web.openapi import documented
from athanor.web.reading import parse_id, read_query
from athanor.web.schemas import answers
from athanor.web.schemas.queries import RunsQuery

__all__ = ["runs"]

runs = Blueprint("runs", __name__, url_prefix="/api/v1/runs")


@runs.get("")
@documented("runs", answers.Runs, query=RunsQuery)
def list_runs() -> Response:
    """List runs, the newest first."""
    query = read_query(RunsQuery)
    which = RunFilter(
        statuses=tuple(dict.fromkeys(query.status)),
        instance_id=query.instance_id,
        experiment=query.experiment,
    )
    return page_answer(service().stores.runs.list(which, query.limit, query.cursor), run_json)


@runs.get("/<run_id>")
@documented("runs", answers.Run, errors=(404,))
def get_run(run_id: str) -> Response:
    """Give a run."""
    return json_answer(run_json(service().stores.runs.get(parse_id(run_id, "run_id"))))


@runs.delete("/<run_id>")
@documented("runs", None, status=204, errors=(404, 409))
def delete_run(run_id: str) -> Response:
    """Delete a run that has ended, with its items and its directory."""
    service().delete_run(parse_id(run_id, "run_id"))
    return no_content()


@runs.post("/<run_id>/cancel")
@documented("runs", answers.CancelAsked, status=202, errors=(404, 409))
def cancel_run(run_id: str) -> Response:
    """Ask a run to stop; it is made to when it does not. ``changed`` is false for a repeated request."""
    # Browsers say where a request comes from, programs do not.
    by = "page" if "Sec-Fetch-Site" in request.headers else "api"
    changed = service().cancel_run(parse_id(run_id, "run_id"), by)
    return json_answer({"changed": changed}, HTTPStatus.ACCEPTED)
