"""Reading requests: bodies and query parameters into their models, path segments into values.

Whatever is wrong is an ``InvalidInput`` (400) or a ``ValidationFailed`` (422) that names the field.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar
from uuid import UUID

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from athanor.domain.errors import InvalidInput, ValidationFailed
from athanor.web.app_state import state
from athanor.web.errors import RequestRefused
from athanor.web.json_text import load_json
from athanor.web.schemas.queries import MAX_SEQ
from athanor.web.text_rules import text_errors

__all__ = [
    "body_bytes",
    "expect_configuration",
    "parse_id",
    "parse_seq",
    "read_body",
    "read_query",
    "read_revision",
]

Model = TypeVar("Model", bound=BaseModel)

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ETAG: Final = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')


def expect_configuration() -> None:
    """Let this request's body be as large as a configuration may be."""
    request.max_content_length = state().settings.configuration_limit_bytes


def body_bytes() -> bytes:
    """Read the body as it is. One larger than allowed is answered 413."""
    try:
        body = request.get_data()
    except ClientDisconnected as error:
        # werkzeug takes every error of the server's stream for this one.
        if isinstance(error.__context__, TimeoutError):
            raise RequestRefused("request_timeout", "the body did not arrive in time") from None
        raise InvalidInput("the body ended before its length") from None
    limit = request.max_content_length
    if request.content_length is None and limit is not None and len(body) >= limit:
        raise RequestEntityTooLarge  # a body in chunks is cut there without a word
    return body


def read_body(model: type[Model], *, optional: bool = False, any_text: bool = False) -> Model:
    """Read the body into its model. Raises ``ValidationFailed`` with an entry for each field.

    ``optional``: no body is an empty object. ``any_text``: the caller checks the text by itself.
    """
    body = body_bytes()
    if not body and not optional:
        raise InvalidInput("the body is missing: a JSON object is expected")
    value = load_json(body) if body else {}
    if not isinstance(value, dict):
        raise InvalidInput("the body is not a JSON object")
    try:
        parsed = model.model_validate(value)
    except ValidationError as error:
        # Before the values are looked at: what is wrong with text may also be wrong otherwise.
        raise _refused(_problems(error)) from None
    errors = [] if any_text else text_errors(value)
    if errors:
        raise _refused(errors)
    return parsed


def read_query(model: type[Model]) -> Model:
    """Read the query parameters into their model. Raises ``InvalidInput`` naming them."""
    values: dict[str, Any] = {}
    for name, texts in request.args.lists():
        repeatable = name == "status"
        if len(texts) > 1 and not repeatable:
            raise InvalidInput(f"{name}: it is given {len(texts)} times", parameter=name)
        values[name] = texts if repeatable else texts[0]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = _problems(error)
        raise InvalidInput(_sentence(problems), errors=problems) from None


def parse_id(text: str, what: str) -> UUID:
    """Read an id out of a path. Raises ``InvalidInput`` quoting what is none."""
    if not _UUID.fullmatch(text):
        raise InvalidInput(f"{what}: {text[:100]!r} is not a UUID", parameter=what)
    return UUID(text)


def parse_seq(text: str) -> int:
    """Read a seq out of a path. Raises ``InvalidInput``."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= MAX_SEQ):
        raise InvalidInput(f"seq: {text[:100]!r} is not a whole number from 1", parameter="seq")
    return int(text)


def read_revision() -> int | None:
    """Read ``If-Match``; None when it is absent or ``*``, which any revision satisfies."""
    text = request.headers.get("If-Match")
    if text is None or text.strip() == "*":
        return None
    found = _ETAG.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(f"If-Match: {text[:100]!r} is not a revision", parameter="If-Match")
    return int(found.group(1))


def _refused(errors: list[dict[str, Any]]) -> ValidationFailed:
    return ValidationFailed(_sentence(errors), errors=errors)


def _problems(error: ValidationError) -> list[dict[str, Any]]:
    return [
        {
            "loc": list(problem["loc"]),
            "message": problem["msg"].removeprefix("Value error, "),
            "type": problem["type"],
        }
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _sentence(problems: list[dict[str, Any]]) -> str:
    first = problems[0]
    place = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{place}: {first['message']}{more}" if place else f"{first['message']}{more}"
