"""The bodies of requests. What is unknown is refused by name, so that a misspelt field is noticed."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, model_validator

__all__ = ["FileToRegister", "InstanceChanges", "NewInstance", "RunStart", "ToValidate"]

MAX_SEED: Final = 2**63 - 1

Name = Annotated[StrictStr, Field(min_length=1, max_length=200, description="1 to 200 characters")]
Description = Annotated[StrictStr, Field(max_length=10_000)]
Configuration = Annotated[
    dict[str, Any],
    Field(description="what the experiment's schema describes; integers keep their size exactly"),
]


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewInstance(_Body):
    """An instance to be created."""

    experiment: StrictStr = Field(min_length=1, max_length=100, description="an experiment's name")
    name: Name
    description: Description = ""
    configuration: Configuration = Field(default_factory=dict)


class InstanceChanges(_Body):
    """What to change of an instance; what is left out stays as it is."""

    name: Name = Field("", json_schema_extra=_without_default)
    description: Description = Field("", json_schema_extra=_without_default)
    configuration: Configuration = Field(default_factory=dict)

    @model_validator(mode="after")
    def _changes_something(self) -> InstanceChanges:
        if not self.model_fields_set:
            raise ValueError("give at least one of name, description, configuration")
        return self

    def changes(self) -> dict[str, Any]:
        """Give what is to be changed."""
        return {field: getattr(self, field) for field in sorted(self.model_fields_set)}


class ToValidate(_Body):
    """A configuration to be checked; it may be anything, as that is the question."""

    configuration: Any


class RunStart(_Body):
    """What may be said about a new run."""

    seed: Annotated[StrictInt, Field(ge=0, le=MAX_SEED)] | None = Field(
        None, description="the seed of its random numbers; chosen when left out"
    )


class FileToRegister(_Body):
    """A file of experiments on the machine of the service."""

    path: StrictStr = Field(min_length=1, max_length=4096, description="an absolute path")
