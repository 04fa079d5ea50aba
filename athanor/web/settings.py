"""What the web layer is told by the runtime; it reads no environment and no file itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["LiveSettings", "ServerSettings", "WebSettings", "host_names_for"]

_KIB: Final = 1024
_MIB: Final = 1024 * 1024
_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """The limits and patience of the live websockets.

    ``outbox_bytes`` is what may wait for one socket in this process, ``send_buffer_bytes`` what may
    wait for it in the kernel. ``stall_timeout_s`` is how long a socket may take no byte before it
    is closed with 1013; it has as long again to take the closing frame.
    """

    max_connections: int = 200
    outbox_bytes: int = _MIB
    send_buffer_bytes: int = 256 * _KIB
    message_limit_bytes: int = 64 * _KIB
    ping_interval_s: float = 20.0
    ping_timeout_s: float = 20.0
    stall_timeout_s: float = 30.0
    close_timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What ``create_app`` needs to know.

    ``host_names`` are the names under which requests are answered, without port (``host_names_for``
    gives those of an address). ``token`` is the one in ``service.json``; an empty one lets nobody
    in. ``static_folder`` defaults to the folder of this package.
    """

    host_names: frozenset[str]
    version: str
    token: str
    body_limit_bytes: int = _MIB
    configuration_limit_bytes: int = 4 * _MIB
    idempotency_keys: int = 1000
    retry_after_s: int = 2
    live: LiveSettings = field(default_factory=LiveSettings)
    static_folder: Path = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The limits and patience of the HTTP server towards its clients.

    ``idle_timeout_s`` is for a kept-alive connection between two requests and for any single wait
    on a socket; ``head_timeout_s`` and ``body_timeout_s`` are for the whole of a head or a body.
    """

    max_connections: int = 1024
    head_limit_bytes: int = 32 * _KIB
    idle_timeout_s: float = 60.0
    head_timeout_s: float = 15.0
    body_timeout_s: float = 60.0
    discard_limit_bytes: int = 16 * _MIB
    discard_timeout_s: float = 5.0


def host_names_for(host: str, *more: str) -> frozenset[str]:
    """Give the ``Host`` names for a service that listens on ``host``: itself, ``more``, and loopback's."""
    names = {host, *more} - {"0.0.0.0", "::", ""}  # noqa: S104 # these are left out, not listened on
    return _LOOPBACK_NAMES | {name.strip("[]").lower().rstrip(".") for name in names}
