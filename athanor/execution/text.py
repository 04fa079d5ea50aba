"""Text as JSON can carry it and PostgreSQL can keep it."""

from __future__ import annotations

import reprlib

import msgspec

__all__ = ["brief_repr", "clean_text", "encode_text"]

_encode = msgspec.json.Encoder().encode

_brief = reprlib.Repr()
_brief.maxlevel = 4
_brief.maxstring = _brief.maxother = _brief.maxlong = 2000
_brief.maxlist = _brief.maxdict = _brief.maxtuple = _brief.maxset = 50


def clean_text(text: str) -> str:
    """Replace NUL characters and lone surrogates by U+FFFD; join surrogates that are a pair."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def encode_text(text: str) -> bytes:
    """Give a text as a JSON string."""
    try:
        data = _encode(text)
    except (UnicodeEncodeError, TypeError):
        return _encode(clean_text(str.__str__(text)))
    return _encode(clean_text(text)) if b"\\u0000" in data else data


def brief_repr(value: object) -> str:
    """Give a bounded ``repr``, of a value that is nested however deeply; raises what a repr raises."""
    return _brief.repr(value)
