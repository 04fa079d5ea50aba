"""Text that cannot be kept: NUL characters and lone surrogates, found with the place where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["text_errors", "text_problem"]

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_MAX_ERRORS: Final = 100

Location = tuple[str | int, ...]


def text_problem(text: str) -> str | None:
    """Tell what keeps a text from being stored; None when nothing does."""
    found = _UNSTORABLE.search(text)
    if found is None:
        return None
    what = "a NUL character" if found.group() == "\x00" else "half of a surrogate pair"
    return f"{what} at position {found.start()} cannot be stored"


def text_errors(value: Any, loc: Location = ()) -> list[dict[str, Any]]:
    """Find such text in a JSON value, its keys included; at most 100 entries for ``details.errors``."""
    errors: list[dict[str, Any]] = []
    for where, text in _texts(value, loc):
        problem = text_problem(text)
        if problem is not None:
            errors.append({"loc": list(where), "message": problem, "type": "text_not_storable"})
            if len(errors) == _MAX_ERRORS:
                break
    return errors


def _texts(value: Any, loc: Location) -> Iterator[tuple[Location, str]]:
    waiting: list[tuple[Location, Any]] = [(loc, value)]
    while waiting:
        where, item = waiting.pop()
        if isinstance(item, str):
            yield where, item
        elif isinstance(item, dict):
            for key, inner in item.items():
                # A key that cannot be stored cannot be named either, so its place is its parent.
                if text_problem(key) is None:
                    waiting.append(((*where, key), inner))
                else:
                    yield where, key
        elif isinstance(item, list):
            waiting.extend(((*where, index), inner) for index, inner in enumerate(item))
