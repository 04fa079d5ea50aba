"""What can be asked of a static supervisor, and what it answers in each state of a child."""

import time

import pytest

from athanor.actors.process import NORMAL, SHUTDOWN, Crashed, Exit, Shutdown
from athanor.actors.supervisor import (
    RESTARTING,
    AlreadyPresent,
    AlreadyStarted,
    ChildSpec,
    DynamicSupervisor,
    NoProcess,
    NotFound,
    Restarting,
    StartError,
    StillRunning,
    Supervisor,
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
from tests.support.actors import Plan, Worker, child, eventually, spec


def restarting(sup_options=(), **fields):
    """Return a supervisor whose child "a" has died and waits long for its next restart."""
    plan = Plan("ok", *(ValueError(n) for n in range(100)))
    sup = Supervisor.start_link([spec("a", plan=plan, **fields)], max_restarts=100, backoff=60.0)
    ref = child(sup, "a")
    ref.tell(ValueError("boom"))
    wait(ref, timeout=5)
    eventually(lambda: plan.starts == 2 and child(sup, "a") is RESTARTING)
    return sup


def test_a_child_is_started_and_listed_newest_first():
    sup = Supervisor.start_link([spec("a"), spec("b")])
    ref = start_child(sup, spec("c"))
    assert which_children(sup) == [
        ("c", ref, "worker"),
        ("b", child(sup, "b"), "worker"),
        ("a", child(sup, "a"), "worker"),
    ]


def test_an_id_that_runs_is_already_started():
    sup = Supervisor.start_link([spec("a")])
    with pytest.raises(AlreadyStarted) as caught:
        start_child(sup, spec("a"))
    assert caught.value.ref is child(sup, "a")


def test_an_id_that_is_stopped_or_restarting_is_already_present():
    sup = Supervisor.start_link([spec("a")])
    terminate_child(sup, "a")
    with pytest.raises(AlreadyPresent):
        start_child(sup, spec("a"))
    with pytest.raises(AlreadyPresent):
        start_child(restarting(), spec("a"))


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (error := ValueError("no"), Crashed(error)),
        (Exit(Shutdown("full")), Shutdown("full")),
        (Exit(NORMAL), NORMAL),
    ],
    ids=repr,
)
def test_a_child_that_does_not_start_is_refused_and_forgotten_silently(step, reason, reports):
    sup = Supervisor.start_link(max_restarts=0)
    with pytest.raises(StartError) as caught:
        start_child(sup, spec("a", plan=Plan(step)))
    assert caught.value.reason == reason
    assert which_children(sup) == []
    assert reports() == []


@pytest.mark.parametrize(
    "start",
    [lambda: 1 / 0, lambda: "no ref", lambda: (_ for _ in ()).throw(SystemExit(1))],
    ids=["raises", "returns nonsense", "exits"],
)
def test_a_callable_that_fails_is_a_start_error(start):
    sup = Supervisor.start_link()
    with pytest.raises(StartError) as caught:
        start_child(sup, ChildSpec(id="a", start=start))
    assert isinstance(caught.value.reason, Crashed)
    assert sup.is_alive()


def test_what_a_failed_callable_had_started_does_not_live_on():
    refs = []

    def start():
        refs.append(Worker.start())
        raise ValueError

    sup = Supervisor.start_link()
    with pytest.raises(StartError):
        start_child(sup, ChildSpec(id="a", start=start))
    assert wait(refs[0], timeout=5)


def test_a_start_that_takes_too_long_is_cancelled(gate):
    sup = Supervisor.start_link()
    slow = spec("a", plan=Plan(lambda: gate.wait(10)))
    with pytest.raises(StartError) as caught:
        start_child(sup, slow, timeout=0.05)
    assert isinstance(caught.value.reason.exception, TimeoutError)
    assert which_children(sup) == []


def test_restart_child_is_for_stopped_children_only():
    sup = Supervisor.start_link([spec("a")])
    with pytest.raises(StillRunning):
        restart_child(sup, "a")
    with pytest.raises(NotFound):
        restart_child(sup, "b")
    with pytest.raises(Restarting):
        restart_child(restarting(), "a")
    terminate_child(sup, "a")
    assert restart_child(sup, "a") is child(sup, "a")


def test_restart_child_that_fails_keeps_the_spec_and_logs_nothing(reports):
    sup = Supervisor.start_link([spec("a", plan=Plan("ok", ValueError(), "ok"))], max_restarts=0)
    terminate_child(sup, "a")
    with pytest.raises(StartError):
        restart_child(sup, "a")
    assert child(sup, "a") is None
    assert reports() == []
    assert restart_child(sup, "a").is_alive()


def test_terminate_child_is_idempotent_and_keeps_the_spec():
    sup = Supervisor.start_link([spec("a")], max_restarts=0)
    ref = child(sup, "a")
    terminate_child(sup, "a")
    assert wait(ref, timeout=0) == SHUTDOWN
    terminate_child(sup, "a")
    assert which_children(sup) == [("a", None, "worker")]


@pytest.mark.parametrize("key", ["b", None, [], object()], ids=repr)
def test_terminating_an_unknown_child_is_not_found(key):
    sup = Supervisor.start_link([spec("a")])
    with pytest.raises(NotFound):
        terminate_child(sup, key)


def test_terminating_a_temporary_child_forgets_it():
    sup = Supervisor.start_link([spec("a", restart="temporary")])
    terminate_child(sup, "a")
    assert which_children(sup) == []
    with pytest.raises(NotFound):
        terminate_child(sup, "a")


def test_terminating_a_restarting_child_cancels_its_retry():
    sup = restarting()
    terminate_child(sup, "a")
    assert child(sup, "a") is None
    delete_child(sup, "a")
    assert which_children(sup) == []


def test_delete_child_is_for_stopped_children_only():
    sup = Supervisor.start_link([spec("a")])
    with pytest.raises(StillRunning):
        delete_child(sup, "a")
    with pytest.raises(Restarting):
        delete_child(restarting(), "a")
    terminate_child(sup, "a")
    delete_child(sup, "a")
    with pytest.raises(NotFound):
        delete_child(sup, "a")


def test_children_are_counted_by_type_and_state():
    inner = ChildSpec(id="s", start=Supervisor.start_link, type="supervisor")
    sup = Supervisor.start_link([spec("a"), spec("b"), inner])
    terminate_child(sup, "a")
    counts = count_children(sup)
    assert counts == {"specs": 3, "active": 2, "supervisors": 1, "workers": 2}
    assert (counts.specs, counts.active) == (3, 2)
    assert count_children(restarting()).active == 0


def test_the_spec_of_a_child_can_be_read():
    given = spec("a", restart="transient")
    sup = Supervisor.start_link([given])
    assert get_childspec(sup, "a") == given
    with pytest.raises(NotFound):
        get_childspec(sup, "b")


@pytest.mark.parametrize("kind", [Supervisor, DynamicSupervisor])
@pytest.mark.parametrize(
    "ask",
    [
        which_children,
        count_children,
        stop,
        lambda sup: start_child(sup, spec("a")),
        lambda sup: terminate_child(sup, "a"),
        lambda sup: restart_child(sup, "a"),
        lambda sup: delete_child(sup, "a"),
        lambda sup: get_childspec(sup, "a"),
    ],
)
def test_a_stopped_supervisor_is_no_process_at_once(kind, ask):
    sup = kind.start_link()
    stop(sup)
    with pytest.raises(NoProcess):
        ask(sup)


def test_a_name_that_nobody_has_is_no_process():
    with pytest.raises(NoProcess):
        which_children("nobody")


def test_a_worker_is_no_supervisor():
    with pytest.raises(TypeError):
        which_children(Worker.start())


def test_a_first_start_that_fails_stops_the_earlier_ones_in_reverse(diary, reports):
    error = ValueError("no")
    specs = [spec(key, diary=diary) for key in "ab"]
    with pytest.raises(StartError) as caught:
        Supervisor.start_link([*specs, spec("c", plan=Plan(error)), spec("d", diary=diary)])
    assert caught.value.reason == Shutdown(("failed_to_start_child", "c", Crashed(error)))
    assert diary == [("a", "start"), ("b", "start"), ("b", "stop"), ("a", "stop")]
    assert [(r["context"], r["offender"]["id"]) for r in reports()] == [("start_error", "c")]


def test_the_name_of_a_supervisor_is_taken_once_and_free_afterwards():
    sup = Supervisor.start_link([spec("a")], name="sup")
    assert which_children("sup") == which_children(sup)
    with pytest.raises(AlreadyStarted) as caught:
        Supervisor.start_link(name="sup")
    assert caught.value.ref is sup
    stop("sup")
    assert Supervisor.start_link(name="sup").is_alive()


def test_a_supervisor_whose_child_starts_for_ever_answers_and_can_cancel(gate):
    plan = Plan("ok", lambda: gate.wait(20))
    sup = Supervisor.start_link([spec("a", plan=plan), spec("b")])
    ref = child(sup, "a")
    ref.tell(ValueError())
    wait(ref, timeout=5)
    began = time.monotonic()
    assert child(sup, "a") is RESTARTING
    assert count_children(sup).active == 1
    terminate_child(sup, "a")
    assert child(sup, "a") is None
    assert time.monotonic() - began < 15
    assert restart_child(sup, "a").is_alive()


def test_a_supervisor_whose_child_starts_for_ever_can_be_stopped(gate):
    plan = Plan("ok", lambda: gate.wait(20))
    sup = Supervisor.start_link([spec("a", plan=plan), spec("b")])
    a, b = child(sup, "a"), child(sup, "b")
    a.tell(ValueError())
    eventually(lambda: plan.starts == 2)
    stop(sup, timeout=10)
    assert wait(b, timeout=0) == SHUTDOWN


def test_garbage_in_the_mailbox_does_not_disturb_a_supervisor():
    sup = Supervisor.start_link([spec("a")])
    for number in range(1000):
        sup.tell(number)
    assert sup.ask({"what": "ever"}, timeout=5) is None
    ref = child(sup, "a")
    kill(ref)
    assert child(sup, "a") is not ref
