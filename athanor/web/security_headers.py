"""The headers that tell browsers what a page of ours may do: nothing but talk to its own origin."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

__all__ = ["install_security_headers"]

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src {connect}; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'"
)

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def install_security_headers(app: Flask) -> None:
    """Add them to every response of this application, errors included."""

    def add(response: Response) -> Response:
        response.headers.update(_HEADERS)
        response.headers["Content-Security-Policy"] = _POLICY.format(connect=_own_sources())
        if response.mimetype == "application/json":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.after_request(add)


def _own_sources() -> str:
    """Give ``'self'``, and the same host as a websocket by name: older Safari leaves that out of it."""
    host = request.environ.get("HTTP_HOST", "")
    # What reaches a view has passed the list of hosts; a refused one may hold anything.
    if not host or not all(
        letter.isascii() and (letter.isalnum() or letter in ".-_:[]") for letter in host
    ):
        return "'self'"
    return f"'self' ws://{host} wss://{host}"
