"""A restart that fails is tried again through the mailbox, each try counted, until the limit."""

from athanor.actors.process import SHUTDOWN
from athanor.actors.supervisor import (
    RESTARTING,
    DynamicSupervisor,
    Supervisor,
    kill,
    start_child,
    stop,
    terminate_child,
    wait,
    which_children,
)
from tests.support.actors import ManualClock, Plan, child, eventually, spec


def failures(count):
    return [ValueError(number) for number in range(count)]


def test_a_failed_restart_is_tried_again_until_it_succeeds(reports):
    plan = Plan("ok", *failures(3))
    sup = Supervisor.start_link([spec("a", plan=plan)], max_restarts=4, clock=ManualClock())
    kill(child(sup, "a"))
    eventually(lambda: child(sup, "a") is not RESTARTING)
    assert child(sup, "a").is_alive()
    assert plan.starts == 5
    contexts = [r["context"] for r in reports()]
    assert contexts == ["child_terminated"] + ["start_error"] * 3


def test_each_try_is_counted(reports):
    plan = Plan("ok", *failures(10))
    sup = Supervisor.start_link([spec("a", plan=plan)], max_restarts=4, clock=ManualClock())
    ref = child(sup, "a")
    kill(ref)
    assert wait(sup, timeout=5) == SHUTDOWN
    assert plan.starts == 1 + 4
    assert reports()[-1]["reason"] == "reached_max_restart_intensity"


def test_the_mailbox_is_served_between_tries():
    plan = Plan("ok", *failures(100_000))
    sup = Supervisor.start_link([spec("a", plan=plan), spec("b")], max_restarts=10**6)
    kill(child(sup, "a"))
    for _ in range(5):
        assert child(sup, "a") is RESTARTING
        assert child(sup, "b").is_alive()
    assert start_child(sup, spec("c")).is_alive()
    terminate_child(sup, "a")
    starts = plan.starts
    assert child(sup, "a") is None
    assert plan.starts == starts
    stop(sup)


def test_a_dynamic_child_is_known_by_its_last_ref_while_it_restarts():
    plan = Plan("ok", *failures(100_000))
    dyn = DynamicSupervisor.start_link(max_restarts=10**6)
    ref = start_child(dyn, spec("a", plan=plan))
    kill(ref)
    assert which_children(dyn) == [("a", RESTARTING, "worker")]
    terminate_child(dyn, ref)
    assert which_children(dyn) == []


def test_a_backoff_delays_the_second_restart_of_a_window_and_can_be_cancelled():
    plan = Plan()
    asked = []

    def backoff(restarts):
        asked.append(restarts)
        return 60.0

    sup = Supervisor.start_link([spec("a", plan=plan)], max_restarts=5, backoff=backoff)
    kill(child(sup, "a"))
    assert child(sup, "a").is_alive()
    kill(child(sup, "a"))
    assert child(sup, "a") is RESTARTING
    assert (asked, plan.starts) == ([1], 2)
    terminate_child(sup, "a")
    assert child(sup, "a") is None


def test_a_delayed_restart_happens_and_is_counted_once():
    plan = Plan("ok", *failures(2))
    sup = Supervisor.start_link(
        [spec("a", plan=plan)], max_restarts=3, clock=ManualClock(), backoff=0.01
    )
    kill(child(sup, "a"))
    assert eventually(lambda: plan.starts == 4 and child(sup, "a") is not RESTARTING)
    assert sup.is_alive()


def test_stopping_cancels_a_delayed_restart():
    plan = Plan()
    sup = Supervisor.start_link([spec("a", plan=plan)], backoff=0.05)
    kill(child(sup, "a"))
    kill(child(sup, "a"))
    assert child(sup, "a") is RESTARTING
    stop(sup)
    assert plan.starts == 2
