"""The opaque cursors of lists: a time and an id, so that a page goes on where the last one ended."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from uuid import UUID

from athanor.domain.errors import InvalidInput

__all__ = ["decode", "encode"]


def encode(at: datetime, identifier: UUID) -> str:
    """Make the cursor of the last thing on a page."""
    text = json.dumps([at.isoformat(), str(identifier)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str | None) -> tuple[datetime | None, UUID | None]:
    """Read a cursor; ``(None, None)`` begins at the start. Raises ``InvalidInput`` for another text."""
    if cursor is None:
        return None, None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        at, identifier = json.loads(raw)
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("a cursor's time has a zone")
        return moment, UUID(identifier)
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        raise InvalidInput(
            "cursor: this is not a cursor that this service gave; leave it out to begin again",
            field="cursor",
        ) from error
