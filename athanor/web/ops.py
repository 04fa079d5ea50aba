"""The supervision tree: ``/api/v1/ops``."""

from __future__ import annotations

from flask import Blueprint, Response

from athanor.web.answering import json_answer
from athanor.web.app_state import service
from athanor.web.openapi import documented
from athanor.web.schemas import answers

__all__ = ["ops"]

ops = Blueprint("ops", __name__, url_prefix="/api/v1/ops")


@ops.get("/tree")
@documented("ops", answers.Tree)
def get_tree() -> Response:
    """Give the supervision tree as it is now."""
    return json_answer({"tree": service().tree()})
