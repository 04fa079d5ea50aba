"""What a definition refuses, and what the decorator makes of a function."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

import athanor
from athanor import Definition, Experiment
from athanor.domain.items import normalise_level
from athanor.domain.topics import (
    ACTIVE_RUNS,
    INSTANCES,
    OPS_TREE,
    SYSTEM,
    instance_topic,
    parse_topic,
    run_topic,
)


class Config(BaseModel):
    n: int = 1


@pytest.mark.parametrize("name", ["", "1a", "a b", "ä", "a/b", "a" * 101, "a\x00", None, 3])
def test_a_name_that_cannot_be_one_is_refused_by_field(name) -> None:
    with pytest.raises(ValueError, match="^name: "):
        Definition(name, "", Config)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("description", ("n", None, Config)),
        ("configuration", ("n", "", dict)),
        ("configuration", ("n", "", Config())),
        ("version", ("n", "", Config, 1)),
        ("isolation", ("n", "", Config, None, "docker")),
    ],
)
def test_a_wrong_field_is_named(field, values) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{field}: "):
        Definition(*values)


def test_a_decorated_function_is_an_experiment_and_stays_callable() -> None:
    calls = []

    @athanor.experiment(name="small", configuration=Config)
    def small(ctx) -> str:
        """Does little.

        And says more below.
        """
        calls.append(ctx)
        return "x"

    made = small.__athanor_experiment__
    assert issubclass(made, Experiment)
    definition = made.experiment()
    assert (definition.name, definition.description) == ("small", "Does little.")
    assert definition.isolation == "process"
    made().run("context")
    assert small("direct") == "x"
    assert calls == ["context", "direct"]


def test_an_experiment_without_its_two_methods_cannot_be_made() -> None:
    class Half(Experiment[Config]):
        def run(self, ctx) -> None: ...

    with pytest.raises(TypeError):
        Half()


def test_warning_is_warn_and_anything_else_is_refused() -> None:
    assert normalise_level("warning") == "warn"
    assert [normalise_level(level) for level in ("debug", "info", "warn", "error")] == [
        "debug",
        "info",
        "warn",
        "error",
    ]
    with pytest.raises(ValueError, match="level"):
        normalise_level("fatal")


def test_every_name_that_plugins_are_promised_is_there() -> None:
    for name in athanor.__all__:
        assert getattr(athanor, name) is not None


def test_topics_are_told_apart_and_others_are_none() -> None:
    from uuid import uuid4

    one = uuid4()
    assert parse_topic(run_topic(one)) == ("run", one)
    assert parse_topic(instance_topic(one)) == ("instance", one)
    for plain in (INSTANCES, ACTIVE_RUNS, OPS_TREE, SYSTEM):
        assert parse_topic(plain) == ("plain", None)
    for bad in ("", "x", "experiments:run:", f"experiments:run:{one.hex}", "experiments:run:../x"):
        assert parse_topic(bad) is None
