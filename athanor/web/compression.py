"""gzip for text worth it, in slices that leave the hub to others."""

from __future__ import annotations

import time
import zlib
from collections import OrderedDict
from typing import Final

from flask import Flask, Response, request

__all__ = ["install_compression"]

_TYPES: Final = frozenset(
    {
        "application/json",
        "application/javascript",
        "text/javascript",
        "text/css",
        "text/html",
        "text/plain",
        "image/svg+xml",
    }
)
_MIN_BYTES: Final = 2048
# Beyond this the time is better spent otherwise: such a body is one value, opened by one person.
_MAX_BYTES: Final = 8 * 1024 * 1024
_SLICE_BYTES: Final = 64 * 1024
_REMEMBERED: Final = 128
_GZIP_WINDOW: Final = 31


def install_compression(app: Flask) -> None:
    """Compress the answers of this application for those who accept it."""
    # Static files by entity tag: they are compressed once, well.
    remembered: OrderedDict[str, bytes] = OrderedDict()

    def compress(response: Response) -> Response:
        if response.mimetype not in _TYPES or response.status_code in (204, 304):
            return response
        response.vary.add("Accept-Encoding")
        size = response.content_length
        if (
            size is None
            or not _MIN_BYTES <= size <= _MAX_BYTES
            or response.status_code == 206
            or request.method == "HEAD"
            or "Content-Encoding" in response.headers
            or not request.accept_encodings["gzip"]
        ):
            return response
        tag, _ = response.get_etag()
        body = remembered.get(tag) if tag else None
        if body is None:
            response.direct_passthrough = False
            body = _gzip(response.get_data(), level=9 if tag else 1)
            if tag:
                remembered[tag] = body
                while len(remembered) > _REMEMBERED:
                    remembered.popitem(last=False)
        else:
            response.direct_passthrough = False
            response.close()
        response.set_data(body)
        response.headers["Content-Encoding"] = "gzip"
        if tag:
            response.set_etag(tag, weak=True)  # the same thing, other bytes
        response.headers.pop("Accept-Ranges", None)
        return response

    app.after_request(compress)


def _gzip(body: bytes, level: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, _GZIP_WINDOW)
    parts = []
    view = memoryview(body)
    for start in range(0, len(body), _SLICE_BYTES):
        if start:
            time.sleep(0)  # under gevent: let the others in
        parts.append(packer.compress(view[start : start + _SLICE_BYTES]))
    parts.append(packer.flush())
    return b"".join(parts)
