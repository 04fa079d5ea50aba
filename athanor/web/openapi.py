"""The OpenAPI document: spectree collects it from the views and the models that validate them.

spectree only describes here. Reading and validating is ``reading.py``'s, because spectree's own way
would answer errors in another shape and take a malformed body for an empty one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response
from pydantic import BaseModel
from spectree import Response as Answers
from spectree import SpecTree
from spectree.models import Tag

from athanor.web.schemas import answers

__all__ = ["OPENAPI_VERSION", "documented", "openapi_document"]

OPENAPI_VERSION: Final = "3.1.0"

_DESCRIPTION: Final = (
    "Experiments, their instances and runs. Errors have one shape everywhere, lists have one shape "
    "everywhere, times are ISO 8601 UTC. What happens is announced live on the websocket "
    "`/api/v1/live`, which OpenAPI has no words for."
)

_TAGS: Final = {
    "experiments": Tag(name="experiments", description="What can be run"),
    "instances": Tag(name="instances", description="Experiments with a name and a configuration"),
    "runs": Tag(name="runs", description="Executions of instances"),
    "items": Tag(name="items", description="What runs emit: logs, results, metrics"),
    "ops": Tag(name="ops", description="The supervision tree"),
    "service": Tag(name="service", description="The service itself"),
}

_ALWAYS: Final = (400, 403, 503)
_WITH_BODY: Final = (413, 415, 422)
_FORMATS: Final[dict[str, dict[str, Any]]] = {
    "instance_id": {"type": "string", "format": "uuid"},
    "run_id": {"type": "string", "format": "uuid"},
    "seq": {"type": "integer", "minimum": 1},
}

_SPEC: Final = SpecTree(
    "flask",
    mode="strict",
    annotations=False,
    title="Athanor",
    description=_DESCRIPTION,
    openapi_version=OPENAPI_VERSION,
    validation_error_status=HTTPStatus.BAD_REQUEST.value,
    validation_error_model=answers.Error,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
)

View = Callable[..., Response]


def documented(
    tag: str,
    answer: type[BaseModel] | None,
    *,
    status: int = 200,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    headers: type[BaseModel] | None = None,
    errors: tuple[int, ...] = (),
    other: dict[int, type[BaseModel]] | None = None,
) -> Callable[[View], View]:
    """Describe a view for the OpenAPI document; it is called as it is.

    ``errors`` are the statuses it has beyond those that any request may meet (400, 403, 503, and
    with a body 413, 415, 422). The docstring becomes summary and description.
    """
    models: dict[int, type[BaseModel] | None] = {status: answer}
    for code in (*_ALWAYS, *errors, *(_WITH_BODY if body is not None else ())):
        models[code] = answers.Error
    models.update(other or {})
    described = _SPEC.validate(
        query=query,
        json=body,
        headers=headers,
        resp=Answers(
            *(f"HTTP_{code}" for code, model in models.items() if model is None),
            **{f"HTTP_{code}": model for code, model in models.items() if model is not None},
        ),
        tags=(_TAGS[tag],),
        skip_validation=True,
    )

    def decorate(view: View) -> View:
        # spectree finds what it knows by following ``__wrapped__``; its own wrapper is never called.
        @wraps(described(view))
        def call(**arguments: Any) -> Response:
            return view(**arguments)

        return call

    return decorate


def openapi_document(app: Flask, version: str) -> dict[str, Any]:
    """Give the document of an application."""
    with app.app_context():
        document: dict[str, Any] = copy.deepcopy(_SPEC.spec)
    document["info"]["version"] = version
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["operationId"] = f"{method}_{path.strip('/').replace('/', '_')}".translate(
                str.maketrans("", "", "{}")
            )
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    parameter["schema"] = _FORMATS.get(parameter["name"], {"type": "string"})
            if method == "post" and operation["operationId"].endswith("_runs"):
                operation["requestBody"]["required"] = False  # a run needs nothing to be said
    document["paths"] = dict(sorted(document["paths"].items()))
    return document
