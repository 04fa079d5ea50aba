"""one_for_all and rest_for_one: who goes down with whom, in which order, and who comes back."""

import pytest

from athanor.actors.process import NORMAL, SHUTDOWN, Shutdown
from athanor.actors.supervisor import (
    RESTARTING,
    Supervisor,
    restart_child,
    stop,
    terminate_child,
    wait,
    which_children,
)
from tests.support.actors import ManualClock, Plan, child, eventually, spec

CRASH = ValueError("boom")


def started(diary, strategy, *specs, **options):
    sup = Supervisor.start_link(specs, strategy=strategy, **options)
    diary.clear()
    return sup


def crash(sup, key):
    ref = child(sup, key)
    ref.tell(CRASH)
    wait(ref, timeout=5)
    return which_children(sup)


def events(diary):
    return [f"{key}:{event}" for key, event in diary if event in {"start", "stop"}]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("one_for_one", ["b:start"]),
        ("one_for_all", ["c:stop", "a:stop", "a:start", "b:start", "c:start"]),
        ("rest_for_one", ["c:stop", "b:start", "c:start"]),
    ],
)
def test_a_group_stops_in_reverse_and_starts_in_order(strategy, expected, diary):
    sup = started(diary, strategy, *(spec(key, diary=diary) for key in "abc"))
    crash(sup, "b")
    assert events(diary) == expected


def test_one_group_restart_is_one_incident(diary):
    sup = started(
        diary, "one_for_all", *(spec(key) for key in "abc"), max_restarts=2, clock=ManualClock()
    )
    crash(sup, "a")
    crash(sup, "b")
    assert sup.is_alive()
    ref = child(sup, "c")
    ref.tell(CRASH)
    assert wait(sup, timeout=5) == SHUTDOWN


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_children_terminated_earlier_come_back_with_their_group(strategy, diary):
    sup = started(diary, strategy, *(spec(key, diary=diary) for key in "abc"))
    terminate_child(sup, "b")
    terminate_child(sup, "c")
    crash(sup, "a")
    assert all(ref.is_alive() for _, ref, _ in which_children(sup))


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_a_transient_that_had_ended_comes_back_with_its_group(strategy, diary):
    sup = started(diary, strategy, spec("a"), spec("b", restart="transient"))
    ref = child(sup, "b")
    ref.tell(("exit", NORMAL))
    wait(ref, timeout=5)
    assert child(sup, "b") is None
    crash(sup, "a")
    assert child(sup, "b").is_alive()


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_temporary_bystanders_are_stopped_and_dropped(strategy, diary):
    sup = started(
        diary, strategy, spec("a"), spec("b", diary=diary, restart="temporary"), spec("c")
    )
    bystander = child(sup, "b")
    crash(sup, "a")
    assert wait(bystander, timeout=0) == SHUTDOWN
    assert [key for key, _, _ in which_children(sup)] == ["c", "a"]
    assert events(diary) == ["b:stop"]


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_the_death_of_a_temporary_child_does_not_touch_its_group(strategy, diary):
    sup = started(
        diary, strategy, spec("a", restart="temporary"), spec("b", diary=diary), max_restarts=0
    )
    crash(sup, "a")
    assert [key for key, _, _ in which_children(sup)] == ["b"]
    assert events(diary) == []


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_terminating_a_child_does_not_touch_its_group(strategy, diary):
    sup = started(diary, strategy, spec("a"), spec("b", diary=diary), max_restarts=0)
    terminate_child(sup, "a")
    restart_child(sup, "a")
    assert events(diary) == []


def test_rest_for_one_leaves_earlier_children_alone(diary):
    sup = started(diary, "rest_for_one", spec("a"), spec("b"), spec("c"))
    a = child(sup, "a")
    crash(sup, "b")
    crash(sup, "c")
    assert child(sup, "a") is a


def test_a_one_for_all_retry_restarts_the_whole_group(diary):
    plan = Plan("ok", Shutdown and ValueError("not yet"), "ok")
    sup = started(
        diary,
        "one_for_all",
        spec("a", diary=diary),
        spec("b", diary=diary, plan=plan),
        spec("c", diary=diary),
    )
    crash(sup, "c")
    eventually(lambda: all(getattr(ref, "is_alive", bool)() for _, ref, _ in which_children(sup)))
    assert events(diary) == [
        "b:stop", "a:stop", "a:start",  # b does not start
        "a:stop", "a:start", "b:start", "c:start",
    ]  # fmt: skip


def test_a_rest_for_one_retry_begins_at_the_child_that_failed(diary):
    plan = Plan("ok", ValueError("not yet"), "ok")
    sup = started(
        diary,
        "rest_for_one",
        spec("a", diary=diary),
        spec("b", diary=diary, plan=plan),
        spec("c", diary=diary),
    )
    crash(sup, "a")
    eventually(lambda: all(getattr(ref, "is_alive", bool)() for _, ref, _ in which_children(sup)))
    assert events(diary) == ["c:stop", "b:stop", "a:start", "b:start", "c:start"]


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_between_the_retries_of_a_group_the_failed_one_is_restarting_and_the_rest_is_down(
    strategy, diary
):
    failures = [ValueError(n) for n in range(50)]
    plan = Plan("ok", *failures)
    sup = started(
        diary,
        strategy,
        spec("a"),
        spec("b", plan=plan),
        spec("c"),
        max_restarts=1000,
        backoff=lambda _: 60.0,
    )
    crash(sup, "a")
    a = eventually(lambda: plan.starts >= 3 or (child(sup, "b") is RESTARTING and child(sup, "a")))
    assert which_children(sup) == [
        ("c", None, "worker"),
        ("b", RESTARTING, "worker"),
        ("a", a, "worker"),
    ]
    stop(sup)


def test_a_group_that_never_starts_again_uses_up_the_budget(diary, reports):
    plan = Plan("ok", *(ValueError(n) for n in range(10)))
    sup = started(
        diary,
        "one_for_all",
        spec("a", diary=diary),
        spec("b", plan=plan),
        max_restarts=3,
        clock=ManualClock(),
    )
    a = child(sup, "a")
    a.tell(CRASH)
    assert wait(sup, timeout=5) == SHUTDOWN
    assert plan.starts == 4
    contexts = [r["context"] for r in reports()]
    assert contexts == ["child_terminated"] + ["start_error"] * 3 + ["shutdown"]


def test_a_sibling_that_dies_while_its_group_is_stopped_is_no_second_incident(diary):
    sup = started(
        diary,
        "one_for_all",
        spec("a"),
        spec("b", on_stop=lambda: 1 / 0, diary=diary),
        spec("c", diary=diary),
        max_restarts=1,
        clock=ManualClock(),
    )
    crash(sup, "a")
    assert events(diary) == ["c:stop", "b:stop", "b:start", "c:start"]
    assert sup.is_alive()
