"""What errors mean over HTTP: the one place that knows statuses, and the one shape of an error.

``{"error": {"code", "message", "details"}}``, everywhere. A traceback goes to the log and never to
the client.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from athanor.domain.errors import (
    AthanorError,
    ConflictError,
    DatabaseAway,
    InvalidInput,
    NotFoundError,
    RevisionMismatch,
    ServiceStopping,
    ValidationFailed,
)
from athanor.web.json_text import dump_json

__all__ = ["RequestRefused", "error_body", "error_response", "install_error_handlers"]

_log = logging.getLogger("athanor.web")

# The nearest class in an error's line of descent decides.
_STATUSES: Final[dict[type[AthanorError], HTTPStatus]] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    ValidationFailed: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    RevisionMismatch: HTTPStatus.PRECONDITION_FAILED,
    DatabaseAway: HTTPStatus.SERVICE_UNAVAILABLE,
    ServiceStopping: HTTPStatus.SERVICE_UNAVAILABLE,
}

_REFUSALS: Final[dict[str, HTTPStatus]] = {
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "host_not_allowed": HTTPStatus.FORBIDDEN,
    "origin_not_allowed": HTTPStatus.FORBIDDEN,
    "request_timeout": HTTPStatus.REQUEST_TIMEOUT,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "unsupported_media_type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "upgrade_required": HTTPStatus.UPGRADE_REQUIRED,
    "too_many_connections": HTTPStatus.SERVICE_UNAVAILABLE,
    "not_ready": HTTPStatus.SERVICE_UNAVAILABLE,
    "timeout": HTTPStatus.SERVICE_UNAVAILABLE,
    "request_in_progress": HTTPStatus.CONFLICT,
    "idempotency_mismatch": HTTPStatus.UNPROCESSABLE_ENTITY,
}

_CODES: Final = {
    HTTPStatus.NOT_FOUND: ("not_found", "there is nothing at this address"),
    HTTPStatus.BAD_REQUEST: ("invalid_request", "the request is malformed"),
}


class RequestRefused(AthanorError):
    """A refusal that only HTTP knows; its ``code`` is one of the table above."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message, **details)
        self.status = _REFUSALS[code]
        self.code = code  # type: ignore[misc] # one class for what the web alone refuses


def error_body(code: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give the one shape of an error."""
    return {"error": {"code": code, "message": message, "details": details or {}}}


def error_response(
    status: HTTPStatus, code: str, message: str, details: dict[str, Any] | None = None
) -> Response:
    """Make the response of an error."""
    return Response(
        dump_json(error_body(code, message, details)), status, mimetype="application/json"
    )


def install_error_handlers(app: Flask, retry_after_s: int) -> None:
    """Answer every exception of this application in the one shape."""

    def expected(error: AthanorError) -> Response:
        status = _status_of(error)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            return unexpected(error)
        response = error_response(status, error.code, error.message, error.details)
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = str(retry_after_s)
        elif status is HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = "Bearer"
        elif status is HTTPStatus.UPGRADE_REQUIRED:
            response.headers["Upgrade"] = "websocket"
            response.headers["Sec-WebSocket-Version"] = "13"
        return response

    def of_http(error: HTTPException) -> Response:
        if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
            return Response(status=error.code, headers=error.get_headers())
        if isinstance(error, RequestEntityTooLarge):
            return expected(_too_large())
        status = HTTPStatus(error.code)
        code, message = _CODES.get(status, (_code_name(status), error.description or status.phrase))
        if isinstance(error, MethodNotAllowed):
            allowed = sorted(set(error.valid_methods or ()))
            message = f"{request.method} is not allowed here, but {', '.join(allowed)}"
            response = error_response(status, code, message, {"allowed": allowed})
            response.headers["Allow"] = ", ".join(allowed)
            return response
        return error_response(status, code, message)

    def too_slow(error: TimeoutError) -> Response:
        _log.warning("%s %s: a part of the service did not answer", request.method, request.path)
        del error
        return expected(
            RequestRefused("timeout", "a part of the service did not answer in time; try again")
        )

    def unexpected(error: Exception) -> Response:
        _log.error("%s %s failed", request.method, request.path, exc_info=error)
        return error_response(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "internal",
            "the service failed to answer this; its log says why",
        )

    app.register_error_handler(AthanorError, expected)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(TimeoutError, too_slow)
    app.register_error_handler(Exception, unexpected)


def _status_of(error: AthanorError) -> HTTPStatus:
    if isinstance(error, RequestRefused):
        return error.status
    for kind in type(error).__mro__:
        if kind in _STATUSES:
            return _STATUSES[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def _too_large() -> RequestRefused:
    limit = request.max_content_length
    return RequestRefused("too_large", f"the body is larger than {limit} bytes", limit_bytes=limit)


def _code_name(status: HTTPStatus) -> str:
    return status.phrase.lower().replace(" ", "_").replace("-", "_")
