"""Making responses of what the service gave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Response

from athanor.domain.ports import Page, StoredItem
from athanor.web.json_text import dump_json

__all__ = ["json_answer", "list_answer", "no_content", "page_answer", "raw_answer"]

T = TypeVar("T")


def json_answer(value: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Answer a value as JSON."""
    return raw_answer(dump_json(value), status)


def raw_answer(body: bytes, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Answer bytes that are JSON already."""
    return Response(body, status, mimetype="application/json")


def page_answer(page: Page[T], shape: Callable[[T], dict[str, Any]]) -> Response:
    """Answer one page of a list."""
    return json_answer(
        {"items": [shape(item) for item in page.items], "next_cursor": page.next_cursor}
    )


def list_answer(items: Sequence[StoredItem]) -> Response:
    """Answer items of a run by the very bytes that are kept. Their next page is asked for by seq."""
    return raw_answer(
        b'{"items":[' + b",".join([item.json for item in items]) + b'],"next_cursor":null}'
    )


def no_content() -> Response:
    """Answer that it is done."""
    return Response(status=HTTPStatus.NO_CONTENT)
