"""``Idempotency-Key``: a ``POST`` that is sent again gets the answer of the first, and makes nothing new.

The answers of the last keys are remembered in this process only, so a restart of the service
forgets them; a lasting store would be a table and can take this one's place.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from flask import Response

from athanor.domain.errors import InvalidInput
from athanor.web.errors import RequestRefused

__all__ = ["IdempotencyKeys"]

_KEY: Final = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,254}")
_WAIT_S: Final = 10.0


@dataclass(slots=True)
class _Entry:
    fingerprint: bytes
    finished: threading.Event = field(default_factory=threading.Event)
    answer: tuple[int, bytes, str] | None = None


class IdempotencyKeys:
    """The last ``capacity`` keys with their answers. May be used from several threads."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()

    def once(self, key: str, path: str, body: bytes, make: Callable[[], Response]) -> Response:
        """Give the remembered answer to this key and path, or make it and remember it if it is a success.

        Raises ``InvalidInput`` for a key that is none, and refuses one that came with another body
        or whose first request is not answered within ten seconds.
        """
        if not _KEY.fullmatch(key):
            raise InvalidInput(
                "Idempotency-Key: it has 1 to 255 printable ASCII characters",
                parameter="Idempotency-Key",
            )
        fingerprint = hashlib.sha256(body).digest()
        entry, is_first = self._enter((path, key), fingerprint)
        if not is_first:
            return self._again(entry, fingerprint)
        try:
            response = make()
            if response.status_code < 300:
                mimetype = response.mimetype or "application/json"
                entry.answer = (response.status_code, response.get_data(), mimetype)
            return response
        finally:
            if entry.answer is None:
                # Nothing was made, so the same key may try again.
                with self._lock:
                    self._entries.pop((path, key), None)
            entry.finished.set()

    def _enter(self, place: tuple[str, str], fingerprint: bytes) -> tuple[_Entry, bool]:
        with self._lock:
            entry = self._entries.get(place)
            if entry is not None:
                self._entries.move_to_end(place)
                return entry, False
            entry = self._entries[place] = _Entry(fingerprint)
            while len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
            return entry, True

    @staticmethod
    def _again(entry: _Entry, fingerprint: bytes) -> Response:
        if entry.fingerprint != fingerprint:
            raise RequestRefused(
                "idempotency_mismatch", "this Idempotency-Key came with another body before"
            )
        if not entry.finished.wait(_WAIT_S) or entry.answer is None:
            raise RequestRefused(
                "request_in_progress",
                "the first request with this Idempotency-Key has not been answered, or failed; "
                "send it again",
            )
        status, body, mimetype = entry.answer
        response = Response(body, status, mimetype=mimetype)
        response.headers["Idempotent-Replayed"] = "true"
        return response
