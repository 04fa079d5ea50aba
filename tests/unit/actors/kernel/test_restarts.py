"""Who is restarted after which end, counted or not, reported or not."""

import pytest

from athanor.actors.process import KILLED, NORMAL, SHUTDOWN, Crashed, Shutdown
from athanor.actors.supervisor import (
    ChildSpec,
    DynamicSupervisor,
    Supervisor,
    count_children,
    kill,
    restart_child,
    start_child,
    terminate_child,
    wait,
    which_children,
)
from tests.support.actors import ManualClock, Plan, Worker, child, eventually, spec

ORDERLY = [NORMAL, SHUTDOWN, Shutdown("x")]
CRASH = ValueError("boom")
ABNORMAL = [CRASH, KILLED, "my own"]


def end(ref, how):
    """End a child and return the reason that it must have ended with."""
    if how is KILLED:
        kill(ref)
        return KILLED
    if isinstance(how, Exception):
        ref.tell(how)
        expected = Crashed(how)
    else:
        ref.tell(("exit", how))
        expected = how
    assert wait(ref, timeout=5) == expected
    return expected


@pytest.mark.parametrize("how", ORDERLY + ABNORMAL, ids=repr)
def test_a_permanent_child_is_always_restarted_counted_and_reported(how, reports):
    sup = Supervisor.start_link([spec("a")], max_restarts=1, clock=ManualClock())
    old = child(sup, "a")
    reason = end(old, how)
    new = child(sup, "a")
    assert new is not old
    assert new.is_alive()
    (report,) = reports()
    assert report == {
        "kind": "child_terminated",
        "supervisor": sup,
        "context": "child_terminated",
        "reason": reason,
        "offender": {
            "id": "a",
            "ref": old,
            "restart": "permanent",
            "shutdown": 5.0,
            "type": "worker",
        },
    }
    end(new, how)
    assert wait(sup, timeout=5) == SHUTDOWN


@pytest.mark.parametrize("how", ORDERLY, ids=repr)
def test_a_transient_child_that_ends_in_order_stays_down_silently(how, reports):
    sup = Supervisor.start_link([spec("a", restart="transient")], max_restarts=0)
    end(child(sup, "a"), how)
    assert which_children(sup) == [("a", None, "worker")]
    assert reports() == []
    assert restart_child(sup, "a").is_alive()


@pytest.mark.parametrize("how", ABNORMAL, ids=repr)
def test_a_transient_child_that_ends_otherwise_is_restarted(how, reports):
    sup = Supervisor.start_link(
        [spec("a", restart="transient")], max_restarts=1, clock=ManualClock()
    )
    old = child(sup, "a")
    end(old, how)
    new = child(sup, "a")
    assert new is not old
    assert [r["context"] for r in reports()] == ["child_terminated"]
    end(new, how)
    assert wait(sup, timeout=5) == SHUTDOWN


@pytest.mark.parametrize("how", ORDERLY + ABNORMAL, ids=repr)
def test_a_temporary_child_is_never_restarted_and_forgotten(how, reports):
    sup = Supervisor.start_link([spec("a", restart="temporary")], max_restarts=0)
    end(child(sup, "a"), how)
    assert which_children(sup) == []
    assert len(reports("child_terminated")) == (how in ABNORMAL)


def test_only_the_dead_child_is_restarted_one_for_one():
    sup = Supervisor.start_link([spec("a"), spec("b"), spec("c")])
    a, b, c = (child(sup, key) for key in "abc")
    end(b, CRASH)
    assert [child(sup, "a"), child(sup, "c")] == [a, c]
    assert child(sup, "b") is not b


def test_exactly_max_restarts_are_allowed_in_a_window_shared_by_all_children(reports):
    clock = ManualClock()
    sup = Supervisor.start_link([spec("a"), spec("b")], max_restarts=3, max_seconds=5, clock=clock)
    for key in "aba":
        end(child(sup, key), CRASH)
        assert child(sup, key).is_alive()
    survivor, last = child(sup, "a"), child(sup, "b")
    end(last, CRASH)
    assert wait(sup, timeout=5) == SHUTDOWN
    assert wait(survivor, timeout=0) == SHUTDOWN
    assert [r["context"] for r in reports()] == ["child_terminated"] * 4 + ["shutdown"]
    report = reports()[-1]
    assert report["reason"] == "reached_max_restart_intensity"
    assert report["offender"]["id"] == "b"
    assert report["offender"]["ref"] is last


def test_restarts_leave_the_window_with_time():
    clock = ManualClock()
    sup = Supervisor.start_link([spec("a")], max_restarts=1, max_seconds=5, clock=clock)
    for _ in range(5):
        end(child(sup, "a"), CRASH)
        assert child(sup, "a").is_alive()
        clock.now += 5.1
    assert sup.is_alive()


def test_what_ops_do_is_not_counted():
    sup = Supervisor.start_link([spec("a")], max_restarts=0)
    for _ in range(5):
        terminate_child(sup, "a")
        assert child(sup, "a") is None
        restart_child(sup, "a")
    assert child(sup, "a").is_alive()


def test_max_restarts_zero_gives_up_at_the_first_death():
    sup = Supervisor.start_link([spec("a")], max_restarts=0)
    end(child(sup, "a"), CRASH)
    assert wait(sup, timeout=5) == SHUTDOWN


def test_a_new_incarnation_of_a_supervisor_has_an_empty_window():
    inner = ChildSpec(
        id="inner",
        start=Supervisor.start_link,
        args=([spec("a")],),
        kwargs={"max_restarts": 1, "clock": ManualClock()},
        type="supervisor",
    )
    root = Supervisor.start_link([inner], max_restarts=10, clock=ManualClock())
    for _ in range(3):
        sup = child(root, "inner")
        end(child(sup, "a"), CRASH)
        end(child(sup, "a"), CRASH)
        assert wait(sup, timeout=5) == SHUTDOWN
    assert child(child(root, "inner"), "a").is_alive()


def test_the_product_law_a_root_of_three_over_one_ends_at_crash_eight():
    plan = Plan()
    inner = ChildSpec(
        id="inner",
        start=Supervisor.start_link,
        args=([spec("a", plan=plan)],),
        kwargs={"max_restarts": 1, "clock": ManualClock()},
        type="supervisor",
    )
    root = Supervisor.start_link([inner], max_restarts=3, clock=ManualClock())
    crashes = 0
    while root.is_alive():
        inner_ref = child(root, "inner")
        end(child(inner_ref, "a"), CRASH)
        crashes += 1
        if crashes % 2 == 0:
            wait(inner_ref, timeout=5)
        if crashes == 8:
            assert wait(root, timeout=5) == SHUTDOWN
    assert crashes == 8
    assert plan.starts == 8


def test_a_child_that_says_ignore_is_kept_without_a_ref():
    sup = Supervisor.start_link([ChildSpec(id="a", start=lambda: None), spec("b")])
    assert child(sup, "a") is None
    assert count_children(sup) == {"specs": 2, "active": 1, "supervisors": 0, "workers": 2}
    assert restart_child(sup, "a") is None


def test_a_temporary_child_that_says_ignore_is_forgotten():
    quiet = ChildSpec(id="a", start=lambda: None, restart="temporary")
    sup = Supervisor.start_link([quiet])
    assert which_children(sup) == []
    assert start_child(sup, quiet) is None
    assert which_children(sup) == []


def test_a_child_that_says_ignore_when_restarted_stays_down():
    answers = [Worker.start, lambda: None, Worker.start, lambda: None]

    def next_answer():
        return answers.pop(0)()

    sup = Supervisor.start_link([ChildSpec(id="a", start=next_answer)])
    end(child(sup, "a"), CRASH)
    assert child(sup, "a") is None
    dyn = DynamicSupervisor.start_link()
    end(start_child(dyn, ChildSpec(start=next_answer)), CRASH)
    assert which_children(dyn) == []


def test_a_child_started_by_a_callable_is_supervised_like_any_other():
    sup = Supervisor.start_link([ChildSpec(id="a", start=Worker.start, args=("k",))])
    old = child(sup, "a")
    end(old, CRASH)
    assert eventually(lambda: child(sup, "a")).is_alive()
    assert child(sup, "a") is not old


def test_a_child_that_was_dead_when_its_callable_returned_is_restarted():
    refs = []

    def start():
        ref = Worker.start()
        refs.append(ref)
        if len(refs) == 1:
            kill(ref)
        return ref

    sup = Supervisor.start_link([ChildSpec(id="a", start=start)])
    assert eventually(lambda: child(sup, "a") is refs[-1] and len(refs) == 2)
