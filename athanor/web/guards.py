"""Who may ask at all: checked before any view, for every request, also those for nothing.

Against DNS rebinding the ``Host`` must be a name the service is known by. Against other sites in
the same browser, whatever changes something must come from a page of this very origin, or from no
browser at all; and its body must be JSON, which no HTML form can send.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, request

from athanor.domain.errors import InvalidInput, ServiceStopping
from athanor.web.app_state import state
from athanor.web.errors import RequestRefused

__all__ = ["LIVE_PATH", "install_guards", "require_local_token"]

LIVE_PATH: Final = "/api/v1/live"

_HOST: Final = re.compile(
    r"(?P<name>\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?"
)
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def install_guards(app: Flask) -> None:
    """Have every request of this application checked."""
    app.before_request(_check_host)
    app.before_request(_check_origin)
    app.before_request(_check_content_type)
    app.before_request(_check_upgrade)


def require_local_token() -> None:
    """Let only those in who are on this machine and have read ``service.json``."""
    if not _is_loopback(request.remote_addr or ""):
        raise RequestRefused("forbidden", "this is for programs on the machine of the service only")
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = state().settings.token
    if (
        kind.lower() != "bearer"
        or not expected
        or not hmac.compare_digest(token.strip().encode("utf-8", "replace"), expected.encode())
    ):
        raise RequestRefused(
            "unauthorized", "the token of service.json is wanted, as Authorization: Bearer"
        )


def _check_host() -> None:
    host = request.environ.get("HTTP_HOST", "")
    found = _HOST.fullmatch(host)
    name = found["name"].strip("[]").lower().rstrip(".") if found else None
    if name not in state().settings.host_names:
        raise RequestRefused(
            "host_not_allowed",
            f"this service is not known as {host[:100]!r}; the setting for more names is --host",
        )


def _check_origin() -> None:
    """Refuse other sites: all that changes something, and every websocket."""
    if request.method in _SAFE_METHODS and not _wants_upgrade():
        return
    site = request.headers.get("Sec-Fetch-Site", "none")
    # "same-site" is any port of the same host name: another program's page.
    if site not in ("same-origin", "none"):
        raise RequestRefused("origin_not_allowed", f"the request comes from another site ({site})")
    origin = request.headers.get("Origin")
    if origin is not None and not _is_own(origin):
        raise RequestRefused(
            "origin_not_allowed", f"the request comes from another origin, {origin[:100]!r}"
        )


def _check_content_type() -> None:
    if request.method in _SAFE_METHODS or request.routing_exception is not None:
        return
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if not has_body:
        return
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in ("utf-8", "utf8"):
        raise RequestRefused(
            "unsupported_media_type",
            "a body must be JSON: Content-Type: application/json",
            content_type=request.headers.get("Content-Type", "")[:100],
        )


def _check_upgrade() -> None:
    """Refuse what cannot become a websocket while it can still be answered by HTTP."""
    if request.path != LIVE_PATH or request.method not in ("GET", "HEAD"):
        return
    if not _wants_upgrade():
        raise RequestRefused("upgrade_required", "this address is a websocket")
    if request.headers.get("Sec-WebSocket-Version") != "13":
        raise RequestRefused("upgrade_required", "the version of the websocket must be 13")
    try:
        key = base64.b64decode(request.headers.get("Sec-WebSocket-Key", ""), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 16:
        raise InvalidInput("Sec-WebSocket-Key: it is not 16 bytes in base64")
    connections = state().connections
    if connections.stopping:
        raise ServiceStopping("the service is stopping and takes no new connections")
    if connections.is_full:
        raise RequestRefused(
            "too_many_connections", f"there are {len(connections)} live connections already"
        )
    # Compression would cost a frame of its own for every socket, and let small bytes grow large here.
    request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)


def _wants_upgrade() -> bool:
    return "upgrade" in request.headers.get("Connection", "").lower() and (
        request.headers.get("Upgrade", "").lower() == "websocket"
    )


def _is_own(origin: str) -> bool:
    """Tell whether an origin is the one asked; behind a proxy the scheme may differ."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and (
        parts.netloc.lower() == request.environ.get("HTTP_HOST", "").lower()
    )


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback
