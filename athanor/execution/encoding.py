"""From any Python value to JSON, in the call and whatever the value is.

The fast way is msgspec. What it refuses, or would encode other than the contract says (NaN, NUL,
lone surrogates, deep nesting, keys and values beyond their limits), goes the careful way, which
walks the value without recursion and notes what it replaced. Nothing here raises because of a
value; numpy and the like are recognised without being imported.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from athanor.domain.items import MAX_DEPTH, MAX_ITEM_BYTES, MAX_KEY_CHARS
from athanor.execution.careful_encoding import VALUE_FAILURES, Notes, ValueWalk, convert
from athanor.execution.text import brief_repr, clean_text
from athanor.execution.text import encode_text as encode_str

__all__ = ["clean_text", "encode_metadata", "encode_text", "encode_value", "shown"]

CUT_TEXT_BYTES: Final = 1024 * 1024
"""Of a structure that is too large so much of its JSON is kept, as text."""

_ROOM_BYTES: Final = 4096
_MAX_VALUE_BYTES: Final = MAX_ITEM_BYTES - 16 * MAX_KEY_CHARS - _ROOM_BYTES


def _plain(value: Any) -> Any:
    """Convert for msgspec what it does not know, or refuse: then the careful way is taken."""
    plain = convert(value)
    if plain is value:
        raise TypeError(type(value).__name__)
    return plain


_encode = msgspec.json.Encoder(enc_hook=_plain).encode
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"')


def encode_value(value: Any, notes: list[str]) -> bytes:
    """Give a value as JSON; what was replaced in it is added to ``notes``."""
    data, replaced = _encode_value(value)
    if replaced:
        notes.append(str(replaced))
    return data


def encode_metadata(metadata: dict[str, Any], notes: list[str]) -> bytes:
    """Give the metadata of a log line as a JSON object; what was replaced is added to ``notes``."""
    data = encode_value(metadata, notes)
    return data if data.startswith(b"{") else b'{"metadata":%b}' % data


def encode_text(message: object) -> bytes:
    """Give ``str(message)`` as a JSON string, or something in its place when that fails."""
    text = message if type(message) is str else _text_of(message)
    data = encode_str(text)
    return data if len(data) <= _MAX_VALUE_BYTES else _cut_text(text, Notes())


def shown(value: object) -> str:
    """Give a bounded ``repr`` that never raises."""
    try:
        return clean_text(brief_repr(value))
    except VALUE_FAILURES:
        return f"<{type(value).__name__} whose repr() fails>"


def _text_of(message: object) -> str:
    try:
        return str.__str__(str(message))
    except VALUE_FAILURES:
        return f"<{type(message).__name__} whose str() fails>"


def _encode_value(value: Any) -> tuple[bytes, Notes | None]:
    try:
        data = _encode(value)
    except VALUE_FAILURES:
        return _encode_carefully(value)
    if len(data) > _MAX_VALUE_BYTES:
        return _cut(value, data)
    if b"null" in data or b"\\u0000" in data or (len(data) > MAX_DEPTH and _is_suspect(data)):
        return _encode_carefully(value)
    return data, None


def _is_suspect(data: bytes) -> bool:
    """Tell whether long JSON may be nested too deeply or have long keys."""
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH:
        return True
    if len(data) <= MAX_KEY_CHARS:
        return False
    return any(
        found.end() - found.start() - 2 > MAX_KEY_CHARS
        and data[found.end() : found.end() + 1] == b":"
        for found in _STRING.finditer(data)
    )


def _encode_carefully(value: Any) -> tuple[bytes, Notes | None]:
    notes = Notes()
    walk = ValueWalk(notes, _MAX_VALUE_BYTES)
    data = walk.encode(value)
    if data is None:
        return _cut(value, walk.head(CUT_TEXT_BYTES))
    return data, notes or None


def _cut(value: Any, head: bytes) -> tuple[bytes, Notes]:
    """Give a text in place of a value that is too large."""
    notes = Notes()
    if isinstance(value, str):
        return _cut_text(value, notes), notes
    notes.add("a value beyond 64 MiB was cut to text")
    return encode_str(head[:CUT_TEXT_BYTES].decode("utf-8", "ignore")), notes


def _cut_text(text: str, notes: Notes) -> bytes:
    """Keep as much of a text as an item can hold."""
    notes.add(f"a text of {len(text)} characters, beyond 64 MiB, was cut")
    while len(data := encode_str(text)) > _MAX_VALUE_BYTES:
        text = text[: len(text) * (_MAX_VALUE_BYTES - _ROOM_BYTES) // len(data)]
    return data
