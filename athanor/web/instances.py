"""Experiments with a name and a configuration: ``/api/v1/instances``."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response

from athanor.domain.shapes import instance_json, run_json
from athanor.web.answering import json_answer, no_content, page_answer
from athanor.web.app_state import service
from athanor.web.idempotency import once
from athanor.web.openapi import documented
from athanor.web.reading import (
    expect_configuration,
    parse_id,
    read_body,
    read_query,
    read_revision,
)
from athanor.web.schemas import answers
from athanor.web.schemas.bodies import InstanceChanges, NewInstance, RunStart
from athanor.web.schemas.headers import IdempotencyHeaders, RevisionHeaders
from athanor.web.schemas.queries import ListQuery

__all__ = ["instances"]

instances = Blueprint("instances", __name__, url_prefix="/api/v1/instances")


@instances.get("")
@documented("instances", answers.Instances, query=ListQuery)
def list_instances() -> Response:
    """List instances, newest activity first."""
    query = read_query(ListQuery)
    page = service().stores.instances.list(query.limit, query.cursor)
    return page_answer(page, instance_json)


@instances.post("")
@documented(
    "instances",
    answers.Instance,
    status=201,
    body=NewInstance,
    headers=IdempotencyHeaders,
    errors=(404, 409),
)
def create_instance() -> Response:
    """Create an instance of a configuration that its experiment accepts."""
    expect_configuration()

    def make() -> Response:
        new = read_body(NewInstance)
        instance = service().create_instance(
            new.experiment, new.name, new.description, new.configuration
        )
        return json_answer(instance_json(instance), HTTPStatus.CREATED)

    return once(make)


@instances.get("/<instance_id>")
@documented("instances", answers.Instance, errors=(404,))
def get_instance(instance_id: str) -> Response:
    """Give an instance with what its runs come to."""
    instance = service().stores.instances.get(parse_id(instance_id, "instance_id"))
    return json_answer(instance_json(instance))


@instances.patch("/<instance_id>")
@documented(
    "instances",
    answers.Instance,
    body=InstanceChanges,
    headers=RevisionHeaders,
    errors=(404, 409, 412),
)
def change_instance(instance_id: str) -> Response:
    """Change the name, the description or the configuration.

    With ``If-Match`` only if nobody else changed it since that revision.
    """
    expect_configuration()
    identifier = parse_id(instance_id, "instance_id")
    revision = read_revision()
    changes = read_body(InstanceChanges).changes()
    return json_answer(instance_json(service().update_instance(identifier, changes, revision)))


@instances.delete("/<instance_id>")
@documented("instances", None, status=204, errors=(404, 409))
def delete_instance(instance_id: str) -> Response:
    """Delete an instance with its runs; refused while one of them has not ended."""
    service().delete_instance(parse_id(instance_id, "instance_id"))
    return no_content()


@instances.post("/<instance_id>/runs")
@documented(
    "instances",
    answers.Run,
    status=201,
    body=RunStart,
    headers=IdempotencyHeaders,
    errors=(404, 409),
)
def start_run(instance_id: str) -> Response:
    """Create a run, pending, and have it started. The body may be left out."""
    identifier = parse_id(instance_id, "instance_id")

    def make() -> Response:
        seed = read_body(RunStart, optional=True).seed
        return json_answer(run_json(service().start_run(identifier, seed)), HTTPStatus.CREATED)

    return once(make)
