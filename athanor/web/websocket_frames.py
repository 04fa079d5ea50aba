"""The bytes of websocket frames that a server sends: whole, unmasked, uncompressed (RFC 6455, 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["CLOSE", "PING", "close_frame", "opcodes", "ping_frame", "text_header"]

CLOSE: Final = 0x8
PING: Final = 0x9
_FINAL_TEXT: Final = 0x81
_FINAL: Final = 0x80
_MAX_CONTROL_PAYLOAD: Final = 125


def text_header(size_bytes: int) -> bytes:
    """Give what goes in front of a text payload of this size.

    The payload itself is not copied, so bytes that are encoded once can wait for many sockets.
    """
    if size_bytes < 126:
        return bytes((_FINAL_TEXT, size_bytes))
    if size_bytes < 65536:
        return bytes((_FINAL_TEXT, 126)) + size_bytes.to_bytes(2, "big")
    return bytes((_FINAL_TEXT, 127)) + size_bytes.to_bytes(8, "big")


def ping_frame() -> bytes:
    """Give a ping without payload."""
    return bytes((_FINAL | PING, 0))


def close_frame(code: int, reason: str) -> bytes:
    """Give a close frame; a reason too long for it is cut at a character."""
    text = reason.encode()[: _MAX_CONTROL_PAYLOAD - 2].decode("utf-8", "ignore").encode()
    payload = code.to_bytes(2, "big") + text
    return bytes((_FINAL | CLOSE, len(payload))) + payload


def opcodes(frames: bytes) -> Iterator[int]:
    """Tell the opcodes of unmasked control frames that stand one after another."""
    at = 0
    while at + 1 < len(frames):
        yield frames[at] & 0x0F
        at += 2 + (frames[at + 1] & 0x7F)
