"""The request headers that mean something; they are read one by one where they are used."""

from __future__ import annotations

from pydantic import BaseModel, Field

__all__ = ["IdempotencyHeaders", "RevisionHeaders"]


class IdempotencyHeaders(BaseModel):
    """A request that is sent again with the same key makes nothing new."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        max_length=255,
        description="remembered until the service restarts",
    )


class RevisionHeaders(BaseModel):
    """The revision that was read."""

    if_match: str | None = Field(
        None, alias="If-Match", description="the revision that the change was made to"
    )
