"""The careful way from a value to JSON: a walk without recursion that notes what it replaces."""

from __future__ import annotations

import dataclasses
import decimal
import enum
import os
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, KeysView, Mapping, ValuesView
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from math import isfinite
from typing import Any, Final

import msgspec
from pydantic import BaseModel

from athanor.domain.items import MAX_DEPTH, MAX_KEY_CHARS
from athanor.execution.text import brief_repr, clean_text, encode_text

__all__ = ["VALUE_FAILURES", "Notes", "ValueWalk", "convert"]

VALUE_FAILURES: Final = (Exception, SystemExit, GeneratorExit)
"""What the code of a value (``__repr__``, properties, serialisers) may raise without harm."""

_MAX_CONVERSIONS: Final = 8
_encode = msgspec.json.Encoder().encode

Container = tuple[bytes, Iterable[Any]]
"""An opening bracket, and the elements of an array or the pairs of an object."""


class Notes(dict[str, int]):
    """What was replaced, and how often."""

    def add(self, what: str, count: int = 1) -> None:
        """Count replacements."""
        self[what] = self.get(what, 0) + count

    def __str__(self) -> str:
        return "; ".join(
            what if count == 1 else f"{what} ({count} times)" for what, count in self.items()
        )


class ValueWalk:
    """Encodes one value, up to ``max_bytes``."""

    def __init__(self, notes: Notes, max_bytes: int) -> None:
        self._notes = notes
        self._max_bytes = max_bytes
        self._out: list[bytes] = []

    def head(self, max_bytes: int) -> bytes:
        """Give the beginning of what was encoded."""
        size = 0
        for number, piece in enumerate(self._out):
            size += len(piece)
            if size >= max_bytes:
                return b"".join(self._out[: number + 1])[:max_bytes]
        return b"".join(self._out)

    def encode(self, value: Any) -> bytes | None:
        """Give the JSON of a value, or None when it is longer than allowed."""
        out = self._out
        on_path: dict[int, Any] = {}
        stack: list[tuple[bytes, Iterator[Any], int]] = []
        size = 0
        while True:
            reduced = self._reduce(value)
            if isinstance(reduced, bytes):
                out.append(reduced)
                size += len(reduced)
            elif id(value) in on_path:
                out.append(self._replaced(value, "a value that holds itself was cut to text"))
            elif len(stack) >= MAX_DEPTH:
                what = f"nesting beyond {MAX_DEPTH} levels was cut to text"
                out.append(self._replaced(value, what))
            else:
                bracket, children = reduced
                out.append(bracket)
                on_path[id(value)] = value
                stack.append((bracket, iter(children), id(value)))
            while stack:
                bracket, children, identity = stack[-1]
                try:
                    child = next(children)
                except StopIteration:
                    out.append(b"]" if bracket == b"[" else b"}")
                    del on_path[identity]
                    stack.pop()
                    continue
                if out[-1] is not bracket:
                    out.append(b",")
                    size += 1
                if bracket == b"{":
                    key = self._key(child[0])
                    out.append(key)
                    size += len(key)
                    value = child[1]
                else:
                    value = child
                break
            else:
                return b"".join(out) if size <= self._max_bytes else None
            if size > self._max_bytes:
                return None

    def _reduce(self, value: Any) -> bytes | Container:
        """Give a value's JSON, or what it consists of."""
        kind = type(value)
        if kind is str:
            return encode_text(value)
        if value is None or kind is bool:
            return _encode(value)
        if kind is int:
            return _integer(value)
        if kind is float:
            return self._number(value)
        if kind is dict:
            return _OBJECT, list(value.items())
        if kind in (list, tuple, set, frozenset):
            return _ARRAY, list(value)
        try:
            return self._reduce_other(value)
        except VALUE_FAILURES:
            return self._unencodable(value)

    def _reduce_other(self, value: Any) -> bytes | Container:
        for _ in range(_MAX_CONVERSIONS):
            if isinstance(value, (date, time, timedelta, uuid.UUID, decimal.Decimal)):
                return _scalar(value)
            if isinstance(value, (bytes, bytearray, memoryview)):
                return _encode(bytes(value))
            if getattr(getattr(value, "dtype", None), "kind", None) in _NUMERIC_KINDS:
                return self._numeric_array(value)
            if isinstance(value, BaseModel):
                return self._reduce(self._model(value))
            converted = convert(value)
            if converted is value:
                break
            value = converted
            if value is None or isinstance(value, (str, int, float, dict, list)):
                return self._reduce(value)
        if isinstance(value, (list, tuple, AbstractSet, deque, range, KeysView, ValuesView)):
            return _ARRAY, value if isinstance(value, range) else list(value)
        if isinstance(value, Mapping):
            return _OBJECT, list(value.items())
        return self._unencodable(value)

    def _number(self, value: float) -> bytes:
        data = _encode(value)
        if data == b"null":
            self._notes.add(_NOT_A_NUMBER)
        return data

    def _numeric_array(self, value: Any) -> bytes:
        """Encode a scalar or array of numbers at once: nothing in it can be replaced but NaN."""
        data = _encode(_array_like(value))
        nulls = data.count(b"null")
        if nulls:
            self._notes.add(_NOT_A_NUMBER, nulls)
        return data

    def _model(self, value: BaseModel) -> dict[str, Any]:
        try:
            dumped = value.model_dump(mode="json", warnings=False)
        except VALUE_FAILURES:
            # One field that cannot be serialised: the others are kept as they are.
            return dict(value)
        if None in dumped.values() or b"null" in _encode(dumped):
            # pydantic makes null of NaN too, and says nothing.
            lost = [v for v in dict(value).values() if isinstance(v, float) and not isfinite(v)]
            if lost:
                self._notes.add(_NOT_A_NUMBER, len(lost))
        return dumped

    def _key(self, key: Any) -> bytes:
        try:
            text = self._key_text(key)
        except VALUE_FAILURES:
            text = f"<{type(key).__name__}>"
        if len(text) > MAX_KEY_CHARS:
            self._notes.add(f"a key was cut to {MAX_KEY_CHARS} characters")
            text = text[:MAX_KEY_CHARS]
        return encode_text(text) + b":"

    def _key_text(self, key: Any) -> str:
        if isinstance(key, enum.Enum):
            key = key.value
        if isinstance(key, str):
            return clean_text(str.__str__(key))
        if key is None or isinstance(key, bool):
            return {None: "null", True: "true", False: "false"}[key]
        if isinstance(key, int):
            return _integer(int(key)).decode()
        if isinstance(key, float):
            return repr(float(key))
        if isinstance(key, (date, time, timedelta, uuid.UUID, decimal.Decimal, os.PathLike)):
            return str(key)
        if isinstance(convert(key), (str, int, float)):  # a numpy scalar
            return self._key_text(convert(key))
        self._notes.add(f"a key of type {type(key).__name__} was stored as its repr")
        return clean_text(brief_repr(key))

    def _unencodable(self, value: Any) -> bytes:
        name = type(value).__name__
        return self._replaced(value, f"an object of type {name} was stored as its repr", whole=True)

    def _replaced(self, value: Any, what: str, *, whole: bool = False) -> bytes:
        """Note a replacement and give the text that stands for the value."""
        try:
            self._notes.add(clean_text(what))
            return encode_text(str.__str__(repr(value)) if whole else brief_repr(value))
        except VALUE_FAILURES:
            return encode_text(f"<{type(value).__name__} whose repr() fails>")


_NOT_A_NUMBER: Final = "NaN or an infinity was stored as null"
_NUMERIC_KINDS: Final = ("b", "i", "u", "f")
_ARRAY: Final = b"["
_OBJECT: Final = b"{"


def _integer(value: int) -> bytes:
    try:
        return b"%d" % value
    except ValueError:
        # Beyond Python's limit for integers as text, which this way does not have.
        return str(decimal.Decimal(value)).encode()


def _scalar(value: Any) -> bytes:
    try:
        return _encode(value)
    except VALUE_FAILURES:
        return encode_text(str(value))


def convert(value: Any) -> Any:
    """Turn one layer of an object into something plainer; the value itself when there is no way."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, type):
        return value
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    if dataclasses.is_dataclass(value):
        return {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return _array_like(value)
    for plain in (str, int, float):
        if isinstance(value, plain) and type(value) is not plain:
            return plain.__str__(value) if plain is str else plain(value)
    return value


def _array_like(value: Any) -> Any:
    """Give scalars and arrays of numpy, torch and their kin as plain values."""
    kind = getattr(value.dtype, "kind", "")
    if kind in ("M", "m"):
        return value.astype(str).tolist()
    plain = value.tolist()
    if type(plain) is type(value):  # numpy's long double gives itself
        return float(value)
    return plain
