"""What a run emitted: its logs, results and metrics, by windows of seq."""

from __future__ import annotations

import math
from uuid import UUID

from flask import Blueprint, Response

from athanor.domain.errors import ItemNotFound
from athanor.domain.ports import StoredItem
from athanor.web.answering import json_answer, list_answer, raw_answer
from athanor.web.app_state import service
from athanor.web.openapi import documented
from athanor.web.reading import parse_id, parse_seq, read_query
from athanor.web.schemas import answers
from athanor.web.schemas.queries import LogsQuery, MetricsQuery, ResultsQuery

__all__ = ["items"]

items = Blueprint("items", __name__, url_prefix="/api/v1/runs/<run_id>")


@items.get("/logs")
@documented("items", answers.Logs, query=LogsQuery, errors=(404,))
def get_logs(run_id: str) -> Response:
    """Give log lines, oldest first; with ``tail`` the newest of them."""
    identifier = parse_id(run_id, "run_id")
    query = read_query(LogsQuery)
    return _answer(
        identifier,
        service().stores.items.logs(
            identifier,
            after=query.after,
            before=query.before,
            limit=query.limit,
            minimum_level=query.level,
            text=query.q,
            tail=query.tail,
        ),
    )


@items.get("/results")
@documented("items", answers.Results, query=ResultsQuery, errors=(404,))
def get_results(run_id: str) -> Response:
    """Give results, oldest first; large ones by their size and a preview."""
    identifier = parse_id(run_id, "run_id")
    query = read_query(ResultsQuery)
    return _answer(
        identifier,
        service().stores.items.results(
            identifier, after=query.after, before=query.before, limit=query.limit, key=query.key
        ),
    )


@items.get("/results/<seq>")
@documented("items", answers.Result, errors=(404,))
def get_result(run_id: str, seq: str) -> Response:
    """Give one result, whole."""
    identifier = parse_id(run_id, "run_id")
    number = parse_seq(seq)
    try:
        return raw_answer(service().stores.items.result(identifier, number).json)
    except ItemNotFound:
        service().stores.runs.get(identifier)  # or the run itself is what is not found
        raise


@items.get("/metrics")
@documented("items", answers.Metrics, query=MetricsQuery, errors=(404,))
def get_metrics(run_id: str) -> Response:
    """Give points of all metrics, oldest first, or with ``name`` one series, downsampled."""
    identifier = parse_id(run_id, "run_id")
    query = read_query(MetricsQuery)
    stored = service().stores.items
    if query.name is None:
        return _answer(
            identifier,
            stored.metrics(identifier, after=query.after, before=query.before, limit=query.limit),
        )
    points = stored.series(identifier, query.name, query.max_points)
    if not points:
        service().stores.runs.get(identifier)
    return json_answer(
        {
            "name": query.name,
            "points": [[step, _number(value), at] for step, value, at in points],
        }
    )


def _answer(run_id: UUID, found: list[StoredItem]) -> Response:
    if not found:
        # Nothing is found in a run that is not there either; only then is it worth a look.
        service().stores.runs.get(run_id)
    return list_answer(found)


def _number(value: float) -> float | str:
    """Give a number, or the word for one that JSON has not."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
