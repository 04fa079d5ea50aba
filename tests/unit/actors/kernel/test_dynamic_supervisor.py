"""Children that come and go: by ref, with a limit, stopped all at once."""

import time

import pytest

from athanor.actors.process import SHUTDOWN
from athanor.actors.supervisor import (
    DynamicSupervisor,
    MaxChildren,
    NotFound,
    StartError,
    Supervisor,
    change_child_policy,
    count_children,
    delete_child,
    get_childspec,
    kill,
    restart_child,
    start_child,
    stop,
    terminate_child,
    wait,
    which_children,
)
from tests.support.actors import ManualClock, Plan, Worker, child, eventually, spec


def test_ids_need_not_differ_and_the_newest_comes_first():
    dyn = DynamicSupervisor.start_link()
    refs = [start_child(dyn, spec("same")) for _ in range(3)]
    assert [ref for _, ref, _ in which_children(dyn)] == refs[::-1]
    assert count_children(dyn) == {"specs": 3, "active": 3, "supervisors": 0, "workers": 3}


def test_a_child_is_terminated_by_its_ref_and_forgotten():
    dyn = DynamicSupervisor.start_link(max_restarts=0)
    ref = start_child(dyn, spec("a"))
    terminate_child(dyn, ref)
    assert wait(ref, timeout=0) == SHUTDOWN
    terminate_child(dyn, ref)
    assert which_children(dyn) == []


def test_a_foreign_ref_is_not_found_dead_or_alive():
    dyn, other = DynamicSupervisor.start_link(), DynamicSupervisor.start_link()
    foreign = start_child(other, spec("a"))
    for key in (foreign, Worker.start(), "a", None, dyn):
        with pytest.raises(NotFound):
            terminate_child(dyn, key)
    terminate_child(other, foreign)
    with pytest.raises(NotFound):
        terminate_child(dyn, foreign)


def test_the_old_ref_of_a_restarted_child_does_not_harm_the_new_one():
    dyn = DynamicSupervisor.start_link()
    old = start_child(dyn, spec("a"))
    kill(old)
    (new,) = (ref for _, ref, _ in which_children(dyn))
    terminate_child(dyn, old)
    assert new.is_alive()


def test_max_children_counts_restarting_ones_too():
    plan = Plan("ok", *(ValueError(n) for n in range(10**5)))
    dyn = DynamicSupervisor.start_link(max_children=2, max_restarts=10**6)
    ref = start_child(dyn, spec("a", plan=plan))
    start_child(dyn, spec("b"))
    kill(ref)
    with pytest.raises(MaxChildren):
        start_child(dyn, spec("c"))
    terminate_child(dyn, ref)
    assert start_child(dyn, spec("c")).is_alive()


def test_a_child_that_fails_to_start_takes_no_place():
    dyn = DynamicSupervisor.start_link(max_children=1)
    with pytest.raises(StartError):
        start_child(dyn, spec("a", plan=Plan(ValueError())))
    assert start_child(dyn, spec("a")).is_alive()


@pytest.mark.parametrize("restart", ["transient", "temporary"])
def test_a_child_that_ended_in_order_is_forgotten(restart):
    dyn = DynamicSupervisor.start_link(max_restarts=0)
    ref = start_child(dyn, spec("a", restart=restart))
    ref.stop()
    assert which_children(dyn) == []


def test_the_restarts_of_all_children_share_one_limit():
    dyn = DynamicSupervisor.start_link(max_restarts=2, clock=ManualClock())
    refs = [start_child(dyn, spec("a")) for _ in range(3)]
    for ref in refs[:2]:
        kill(ref)
        assert dyn.is_alive()
    kill(refs[2])
    assert wait(dyn, timeout=5) == SHUTDOWN


@pytest.mark.parametrize("ask", [restart_child, delete_child])
def test_it_keeps_no_specs_to_restart_or_delete(ask):
    dyn = DynamicSupervisor.start_link()
    with pytest.raises(ValueError, match="dynamic"):
        ask(dyn, start_child(dyn, spec("a")))
    assert dyn.is_alive()


def test_the_spec_of_a_child_is_found_by_its_ref():
    dyn = DynamicSupervisor.start_link()
    ref = start_child(dyn, given := spec("a"))
    assert get_childspec(dyn, ref) == given
    change_child_policy(dyn, ref, shutdown="brutal_kill")
    assert get_childspec(dyn, ref).shutdown == "brutal_kill"
    with pytest.raises(NotFound):
        get_childspec(dyn, "a")


def test_all_children_are_stopped_at_once(gate):
    dyn = DynamicSupervisor.start_link()
    stopping = []

    def slow_end():
        stopping.append(1)
        eventually(lambda: len(stopping) == 5)

    refs = [start_child(dyn, spec("a", on_stop=slow_end)) for _ in range(5)]
    stop(dyn)
    assert [wait(ref, timeout=0) for ref in refs] == [SHUTDOWN] * 5


def test_a_dynamic_child_that_ignores_its_stop_does_not_hold_up_the_others(gate, reports):
    dyn = DynamicSupervisor.start_link()
    stuck = start_child(dyn, spec("stuck", shutdown=0.05))
    stuck.tell(("wait", gate))
    others = [start_child(dyn, spec("a")) for _ in range(3)]
    eventually(lambda: stuck.life.handling_since)
    began = time.monotonic()
    stop(dyn)
    assert time.monotonic() - began < 10
    assert [wait(ref, timeout=0) for ref in others] == [SHUTDOWN] * 3
    assert [r["offender"]["id"] for r in reports("shutdown_error")] == ["stuck"]


def test_a_supervisor_can_be_a_dynamic_child():
    from athanor.actors.supervisor import ChildSpec

    dyn = DynamicSupervisor.start_link()
    unit = start_child(
        dyn,
        ChildSpec(
            start=Supervisor.start_link,
            args=([spec("run", restart="transient")],),
            kwargs={"max_restarts": 0},
            restart="temporary",
            type="supervisor",
        ),
    )
    worker = child(unit, "run")
    kill(worker)
    assert wait(unit, timeout=5) == SHUTDOWN
    assert which_children(dyn) == []
