"""Stops are ordered and bounded, and nothing of a dead supervisor lives on."""

import threading

import pykka
import pytest

from athanor.actors import control
from athanor.actors.process import KILLED, NORMAL, SHUTDOWN, Crashed, Process, Shutdown
from athanor.actors.supervisor import (
    ChildSpec,
    DynamicSupervisor,
    NoProcess,
    Supervisor,
    kill,
    start_child,
    stop,
    terminate_child,
    wait,
    which_children,
)
from tests.support.actors import Worker, child, eventually, spec


def test_children_are_stopped_in_reverse_each_after_the_one_before(diary):
    sup = Supervisor.start_link([spec(key, diary=diary) for key in "abc"])
    a, b = child(sup, "a"), child(sup, "b")
    alive = []
    start_child(sup, spec("d", on_stop=lambda: alive.append((a.is_alive(), b.is_alive()))))
    diary.clear()
    stop(sup)
    assert [key for key, _ in diary] == ["c", "b", "a"]
    assert alive == [(True, True)]


@pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, Shutdown("deploy")], ids=repr)
def test_a_supervisor_ends_with_the_reason_that_it_was_given(reason):
    sup = Supervisor.start_link([spec("a")])
    ref = child(sup, "a")
    stop(sup, reason)
    assert wait(sup, timeout=0) == reason
    assert wait(ref, timeout=0) == SHUTDOWN


def test_a_stop_that_takes_too_long_for_the_caller_goes_on(gate):
    sup = Supervisor.start_link([spec("a", on_stop=lambda: gate.wait(10))])
    with pytest.raises(TimeoutError):
        stop(sup, timeout=0.02)
    assert sup.is_alive()
    gate.set()
    assert wait(sup, timeout=5) == NORMAL


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
def test_a_stop_that_ends_otherwise_than_asked_is_reported(restart, reports):
    sup = Supervisor.start_link([spec("a", restart=restart, on_stop=lambda: 1 / 0)])
    terminate_child(sup, "a")
    (report,) = reports()
    assert report["context"] == "shutdown_error"
    assert isinstance(report["reason"], Crashed)


def test_an_orderly_stop_is_not_reported(reports):
    sup = Supervisor.start_link([spec("a"), spec("b", shutdown="brutal_kill")])
    stop(sup)
    assert reports() == []


def test_brutal_kill_does_not_run_on_stop(diary):
    sup = Supervisor.start_link([spec("a", diary=diary, shutdown="brutal_kill")])
    ref = child(sup, "a")
    stop(sup)
    assert wait(ref, timeout=0) == KILLED
    assert diary == [("a", "start")]


def test_a_child_that_ignores_everything_cannot_hang_its_supervisor(gate, reports):
    sup = Supervisor.start_link(
        [spec("a", shutdown=0.05, on_stop=lambda: gate.wait(10)), spec("b")]
    )
    a, b = child(sup, "a"), child(sup, "b")
    stop(sup, timeout=10)
    assert wait(a, timeout=0) == KILLED
    assert wait(b, timeout=0) == SHUTDOWN
    assert [r["offender"]["id"] for r in reports("shutdown_error")] == ["a"]


def test_a_child_that_dies_by_itself_meanwhile_is_neither_restarted_nor_counted(diary, reports):
    sup = Supervisor.start_link(max_restarts=0)
    victim = start_child(sup, spec("a", diary=diary))
    start_child(sup, spec("b", on_stop=lambda: kill(victim)))
    stop(sup)
    assert wait(sup) == NORMAL
    assert [r["context"] for r in reports()] == ["shutdown_error"]
    assert diary == [("a", "start")]


def test_a_question_during_a_stop_is_answered_no_process_at_the_latest_afterwards(gate):
    sup = Supervisor.start_link([spec("a", on_stop=lambda: gate.wait(10))])
    stopper = threading.Thread(target=stop, args=(sup,))
    stopper.start()
    eventually(lambda: sup.life.phase.value == "stopping")
    answers = []

    def ask():
        try:
            answers.append(start_child(sup, spec("b")))
        except NoProcess:
            answers.append("no process")

    asker = threading.Thread(target=ask)
    asker.start()
    assert which_children(sup)[0][0] == "a"
    gate.set()
    stopper.join(5)
    asker.join(5)
    assert answers == ["no process"]


def nested():
    """Return a tree of three levels, and the refs of all in it."""
    inner = ChildSpec(
        id="inner", start=Supervisor.start_link, args=([spec("x"), spec("y")],), type="supervisor"
    )
    dynamic = ChildSpec(id="dyn", start=DynamicSupervisor.start_link, type="supervisor")
    root = Supervisor.start_link([spec("a"), inner, dynamic])
    start_child(child(root, "dyn"), spec("z"))
    return root, pykka.ActorRegistry.get_all()


def test_a_killed_supervisor_leaves_no_live_descendant():
    root, everybody = nested()
    assert len(everybody) == 7
    kill(root)
    assert [wait(ref, timeout=0) for ref in everybody] == [KILLED] * 7
    assert pykka.ActorRegistry.get_all() == []


def test_a_stopped_supervisor_leaves_no_live_descendant():
    root, everybody = nested()
    stop(root)
    assert {repr(wait(ref, timeout=0)) for ref in everybody} == {"NORMAL", "SHUTDOWN"}


def test_a_crashed_supervisor_leaves_no_live_descendant():
    def broken_clock():
        raise ValueError("the clock is broken")

    sup = Supervisor.start_link([spec("a"), spec("b")], clock=broken_clock)
    a, b = child(sup, "a"), child(sup, "b")
    a.tell(ValueError())
    assert isinstance(wait(sup, timeout=5).exception, ValueError)
    assert wait(b, timeout=0) == KILLED


def test_a_killed_sub_supervisor_is_replaced_only_after_its_children_are_gone():
    root, _ = nested()
    inner = child(root, "inner")
    olds = [ref for _, ref, _ in which_children(inner)]
    kill(inner)
    assert not any(ref.is_alive() for ref in olds)
    assert child(root, "inner") is not inner
    assert child(child(root, "inner"), "x").is_alive()


def test_a_supervisor_that_gives_up_under_a_permanent_spec_is_restarted():
    inner = ChildSpec(
        id="inner",
        start=Supervisor.start_link,
        args=([spec("x")],),
        kwargs={"max_restarts": 0},
        type="supervisor",
    )
    root = Supervisor.start_link([inner])
    old = child(root, "inner")
    kill(child(old, "x"))
    assert wait(old, timeout=5) == SHUTDOWN
    assert child(child(root, "inner"), "x").is_alive()


@pytest.mark.parametrize("end", [stop, kill, lambda ref: ref.tell(ValueError())])
def test_a_supervisor_that_an_actor_started_by_itself_ends_with_that_actor(end):
    class Owner(Process):
        def on_start(self):
            self.sup = Supervisor.start_link([spec("a")])

        def on_receive(self, message):
            if isinstance(message, Exception):
                raise message
            return self.sup

    owner = Owner.start()
    sup = owner.ask("sup", timeout=5)
    end(owner)
    wait(owner, timeout=5)
    assert not sup.is_alive()


def test_who_kills_its_own_supervisor_does_not_hang():
    sup = Supervisor.start_link([spec("a")])
    ref = child(sup, "a")
    ref.tell(("call", lambda _self: kill(sup)))
    assert wait(sup, timeout=10) == KILLED
    assert wait(ref, timeout=10) == KILLED


def test_who_stops_its_own_supervisor_is_killed_when_its_time_is_up(monkeypatch):
    monkeypatch.setattr(control, "KILL_CONFIRM_S", 0.05)
    sup = Supervisor.start_link([spec("a", shutdown=0.05)])
    ref = child(sup, "a")
    ref.tell(("call", lambda _self: stop(sup)))
    assert wait(sup, timeout=10) == NORMAL
    assert wait(ref, timeout=10) == KILLED


def test_a_worker_that_ends_while_its_supervisor_stops_it_does_not_confuse_it():
    for _ in range(50):
        sup = Supervisor.start_link([spec("a")])
        ref = child(sup, "a")
        ref.tell("stop")
        terminate_child(sup, "a")
        assert wait(ref, timeout=0) in {NORMAL, SHUTDOWN}
        stop(sup)


def test_starting_is_possible_again_after_everything_else(diary):
    assert Worker.start(diary=diary).ask("x", timeout=5) == "x"
