"""What can be run: ``/api/v1/experiments``."""

from __future__ import annotations

import os
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response

from athanor.domain.errors import ValidationFailed
from athanor.domain.execution import ExperimentEntry
from athanor.web.answering import json_answer
from athanor.web.app_state import service
from athanor.web.guards import require_local_token
from athanor.web.openapi import documented
from athanor.web.reading import expect_configuration, read_body
from athanor.web.schemas import answers
from athanor.web.schemas.bodies import FileToRegister, ToValidate
from athanor.web.text_rules import text_errors

__all__ = ["experiments"]

experiments = Blueprint("experiments", __name__, url_prefix="/api/v1/experiments")


def experiment_json(entry: ExperimentEntry) -> dict[str, Any]:
    """Give an experiment as the contract shows it."""
    return {
        "name": entry.name,
        "description": entry.description,
        "version": entry.version,
        "isolation": entry.isolation,
        "schema": entry.schema,
        "error": entry.error,
    }


@experiments.get("")
@documented("experiments", answers.Experiments)
def list_experiments() -> Response:
    """List every experiment by name; one that cannot be imported is listed with its error."""
    return _listing(service().catalog.list())


@experiments.get("/<name>")
@documented("experiments", answers.Experiment, errors=(404,))
def get_experiment(name: str) -> Response:
    """Give one experiment with the JSON Schema of its configuration."""
    return json_answer(experiment_json(service().catalog.get(name)))


@experiments.post("/<name>/validate")
@documented("experiments", answers.ValidationAnswer, body=ToValidate, errors=(404, 409))
def validate_configuration(name: str) -> Response:
    """Check a configuration; the answer names what is wrong with it, or gives it with its defaults."""
    expect_configuration()
    configuration = read_body(ToValidate, any_text=True).configuration
    unstorable = text_errors(configuration)
    if unstorable:
        service().catalog.get(name)
        return json_answer({"valid": False, "errors": unstorable, "configuration": configuration})
    validation = service().catalog.validate(name, configuration)
    return json_answer(
        {
            "valid": validation.valid,
            "errors": list(validation.errors),
            "configuration": validation.configuration,
        }
    )


@experiments.post("/files")
@documented("experiments", answers.Experiments, status=201, body=FileToRegister, errors=(401,))
def register_file() -> Response:
    """Add the experiments of a ``.py`` file, or read it again.

    For programs on the machine of the service that give the token of ``service.json`` as
    ``Authorization: Bearer``.
    """
    require_local_token()
    path = read_body(FileToRegister).path
    if not os.path.isabs(path):
        problem = {"loc": ["path"], "message": "it is not absolute", "type": "path_not_absolute"}
        raise ValidationFailed("path: it is not absolute", errors=[problem])
    return _listing(service().register_file(path), HTTPStatus.CREATED)


def _listing(entries: tuple[ExperimentEntry, ...], status: HTTPStatus = HTTPStatus.OK) -> Response:
    items = [experiment_json(entry) for entry in entries]
    return json_answer({"items": items, "next_cursor": None}, status)
