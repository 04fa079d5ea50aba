"""JSON in and out without loss: integers of any size, no NaN, nothing nested without end."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from athanor.domain.errors import InvalidInput

__all__ = ["MAX_DEPTH", "dump_json", "load_json"]

MAX_DEPTH: Final = 200
"""How deep a request may nest; pydantic gives up at 255."""


def load_json(body: bytes) -> Any:
    """Read a request's JSON. Raises ``InvalidInput`` saying what is wrong with it.

    NaN, the infinities and numbers that would become one are refused, as JSON has none of them.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the body is not UTF-8: {error.reason} at byte {error.start}") from None
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            line=error.lineno,
            column=error.colno,
        ) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        # Python's own limit on the digits of an integer; beyond it reading takes quadratic time.
        raise InvalidInput("the body has an integer of more than 4300 digits") from None
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _check_depth(value)
    return value


def dump_json(value: Any) -> bytes:
    """Write an answer as compact UTF-8. NaN and infinities become null, as in what is kept."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_without_nan(value), ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        # A lone surrogate, from a time before they were replaced: escaped it is JSON all the same.
        return json.dumps(_without_nan(value), separators=(",", ":")).encode()


def _refuse_constant(name: str) -> float:
    raise InvalidInput(f"the body is not JSON: {name} is no number that JSON knows")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise InvalidInput(f"the body has a number that is out of range: {text[:40]}")
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return
        level = below
    raise _too_deep()


def _too_deep() -> InvalidInput:
    return InvalidInput(f"the body is nested deeper than {MAX_DEPTH} levels")


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return value
