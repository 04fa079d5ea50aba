"""The named queries: every statement stands in a ``.sql`` file of this folder, under ``-- name: x``."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

__all__ = ["Queries", "load"]

_NAME = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


class Queries(dict[str, LiteralString]):
    """The statements of one file by name. An unknown name raises ``KeyError`` naming the known ones."""

    def __missing__(self, name: str) -> LiteralString:
        raise KeyError(f"no query named {name!r}; there are {', '.join(sorted(self))}")


def parse(text: str) -> Queries:
    """Split a file at its ``-- name:`` lines. Raises ``ValueError`` for a name that stands twice."""
    parts = _NAME.split(text)
    queries = Queries()
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name in queries:
            raise ValueError(f"the query {name!r} stands twice")
        # These files are part of the package, so their text is as literal as a string in a module.
        queries[name] = cast("LiteralString", body.strip().removesuffix(";"))
    return queries


@cache
def load(file: str) -> Queries:
    """Give the queries of ``<file>.sql``."""
    return parse((files(__name__) / f"{file}.sql").read_text(encoding="utf-8"))
