"""Specs and supervisor options are validated before anything starts, and errors name the field."""

import math

import pytest

from athanor.actors.process import Process
from athanor.actors.supervisor import (
    ChildSpec,
    DynamicSupervisor,
    Supervisor,
    start_child,
    which_children,
)
from tests.support.actors import Worker, spec


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", []),
        ("start", None),
        ("start", "Worker"),
        ("start", int),
        ("args", 1),
        ("args", "ab"),
        ("kwargs", [1]),
        ("kwargs", {1: 2}),
        ("restart", "sometimes"),
        ("restart", None),
        ("restart", []),
        ("shutdown", -1),
        ("shutdown", "soon"),
        ("shutdown", True),
        ("shutdown", math.nan),
        ("shutdown", []),
        ("type", "boss"),
    ],
)
def test_a_wrong_field_is_named(field, value):
    with pytest.raises(ValueError, match=field):
        ChildSpec(**{"id": "a", "start": Process, field: value})


def test_the_default_shutdown_depends_on_the_type():
    assert ChildSpec(id="a", start=Worker).shutdown == 5.0
    assert ChildSpec(id="a", start=Worker, type="supervisor").shutdown == "infinity"
    assert ChildSpec(id="a", start=Worker, type="supervisor", shutdown=1).shutdown == 1
    assert ChildSpec(id="a", start=Worker, shutdown=0).shutdown == 0
    assert ChildSpec(id="a", start=Worker, shutdown=math.inf).shutdown == "infinity"


def test_later_changes_to_what_was_given_change_nothing():
    kwargs = {"key": "a"}
    made = ChildSpec(id="a", start=Worker, kwargs=kwargs)
    kwargs["key"] = "b"
    assert made.kwargs == {"key": "a"}
    assert made == ChildSpec(id="a", start=Worker, kwargs={"key": "a"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("strategy", "one_for_none"),
        ("strategy", None),
        ("max_restarts", -1),
        ("max_restarts", 1.5),
        ("max_restarts", True),
        ("max_seconds", 0),
        ("max_seconds", -1),
        ("max_seconds", "5"),
        ("clock", 3),
        ("backoff", -1),
        ("children", 1),
        ("children", ["a"]),
        ("children", {"a": 1}),
    ],
)
def test_a_wrong_option_of_a_supervisor_is_named(field, value, diary):
    options = {"children": [spec(diary=diary)], field: value}
    with pytest.raises(ValueError, match=field):
        Supervisor.start_link(**options)
    assert diary == []


def test_two_equal_ids_are_refused_before_anything_starts(diary):
    with pytest.raises(ValueError, match="id"):
        Supervisor.start_link([spec("a", diary=diary), spec("a", diary=diary)])
    assert diary == []


def test_a_static_child_needs_an_id():
    with pytest.raises(ValueError, match="id"):
        Supervisor.start_link([ChildSpec(start=Worker)])
    sup = Supervisor.start_link()
    with pytest.raises(ValueError, match="id"):
        start_child(sup, ChildSpec(start=Worker))
    assert which_children(sup) == []


@pytest.mark.parametrize(
    ("field", "value"), [("max_children", -1), ("max_children", "2"), ("max_restarts", -1)]
)
def test_a_wrong_option_of_a_dynamic_supervisor_is_named(field, value):
    with pytest.raises(ValueError, match=field):
        DynamicSupervisor.start_link(**{field: value})


@pytest.mark.parametrize("kind", [Supervisor, DynamicSupervisor])
def test_starting_something_that_is_no_spec_is_refused(kind):
    sup = kind.start_link()
    with pytest.raises(ValueError, match="spec"):
        start_child(sup, Worker)
    assert sup.is_alive()
