"""The query parameters. An unknown one is refused by name, so that a misspelt filter is noticed."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from athanor.domain.items import normalise_level
from athanor.domain.run import RunStatus
from athanor.web.text_rules import text_problem

__all__ = ["ListQuery", "LogsQuery", "MetricsQuery", "ResultsQuery", "RunsQuery"]

MAX_SEQ: Final = 2**63 - 1
_WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,20}")


def _whole_number(text: Any) -> Any:
    # pydantic would also take "1e2", "5.0" and "1_000".
    if isinstance(text, str):
        if not _WHOLE_NUMBER.fullmatch(text):
            raise ValueError("it is not a whole number")
        return int(text)
    return text


def _searchable(text: str) -> str:
    problem = text_problem(text)
    if problem is not None:
        raise ValueError(problem)
    return text


def _listed(value: Any) -> Any:
    """Take ``a,b`` and a repeated parameter for the same."""
    texts = value if isinstance(value, list) else [value]
    return [part.strip() for text in texts for part in str(text).split(",") if part.strip()]


# Behind the bounds, so that the schema says them in its own words.
_Whole = BeforeValidator(_whole_number)
Limit = Annotated[int, Field(ge=1, le=500), _Whole]
Seq = Annotated[int, Field(ge=0, le=MAX_SEQ), _Whole]
Text = Annotated[str, Field(max_length=10_000), AfterValidator(_searchable)]
Cursor = Annotated[str, Field(max_length=1000), AfterValidator(_searchable)]


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListQuery(_Query):
    """A page of a list."""

    limit: Limit = 50
    cursor: Cursor | None = Field(None, description="next_cursor of the page before")


class RunsQuery(ListQuery):
    """A page of runs, filtered."""

    status: Annotated[list[RunStatus], BeforeValidator(_listed)] = Field(
        default_factory=list, description="may be repeated, or several with commas"
    )
    instance_id: UUID | None = None
    experiment: Text | None = None


class _WindowQuery(_Query):
    after: Seq | None = Field(None, description="only what has a greater seq")
    before: Seq | None = Field(None, description="only what has a smaller seq")
    limit: Limit = 50


class LogsQuery(_WindowQuery):
    """A window of log lines."""

    level: Annotated[str, AfterValidator(normalise_level)] | None = Field(
        None, description="this level and above: debug, info, warn, error"
    )
    q: Text | None = Field(None, description="text found anywhere in the message")
    tail: bool = Field(False, description="the newest of them instead of the oldest")


class ResultsQuery(_WindowQuery):
    """A window of results."""

    key: Text | None = None


class MetricsQuery(_WindowQuery):
    """A window of points of all metrics, or with ``name`` one series."""

    name: Text | None = Field(None, description="one series of this name")
    max_points: Annotated[int, Field(ge=1, le=100_000), _Whole] = Field(
        1000, description="of a series, downsampled to so many"
    )

    @model_validator(mode="after")
    def _either_or(self) -> MetricsQuery:
        given = self.model_fields_set
        if self.name is not None and given & {"after", "before", "limit"}:
            raise ValueError("after, before and limit are for raw points, and name is for a series")
        if self.name is None and "max_points" in given:
            raise ValueError("max_points is for a series: give its name")
        return self
