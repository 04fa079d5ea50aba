"""Whatever ends an actor: one exit, the right reason, nobody hangs, bystanders live."""

import threading

import gevent
import pykka
import pytest

from athanor.actors.process import KILLED, NORMAL, SHUTDOWN, Crashed, Exit, Process, Shutdown
from athanor.actors.supervisor import NoProcess, StartError, kill, monitor, stop, wait
from tests.support.actors import Expected, Plan, Worker, eventually

PECULIAR = [
    ValueError("x"),
    SystemExit(3),
    gevent.GreenletExit(),
    gevent.Timeout(1),
    KeyboardInterrupt(),
]


def watched(ref):
    seen = []
    monitor(ref, lambda who, why: seen.append((who, why)))
    return seen


@pytest.mark.parametrize("error", PECULIAR, ids=repr)
@pytest.mark.parametrize("how", ["tell", "ask"])
def test_an_exception_in_a_handler_is_one_crash_and_bystanders_live(error, how):
    bystander = Worker.start()
    ref = Worker.start()
    seen = watched(ref)
    if how == "tell":
        ref.tell(error)
    else:
        expected = type(error) if isinstance(error, Exception) else NoProcess
        with pytest.raises(expected):
            ref.ask(error, timeout=5)
    assert wait(ref, timeout=5) == Crashed(error)
    assert seen == [(ref, Crashed(error))]
    assert not ref.is_alive()
    assert bystander.ask("still there", timeout=5) == "still there"


@pytest.mark.parametrize("error", PECULIAR, ids=repr)
def test_an_exception_in_on_start_fails_the_start(error):
    with pytest.raises(StartError) as caught:
        Worker.start(plan=Plan(error))
    assert caught.value.reason == Crashed(error)
    assert pykka.ActorRegistry.get_all() == []


def test_an_exception_in_the_constructor_fails_the_start():
    class Broken(Process):
        def __init__(self):
            raise ValueError("no")

    with pytest.raises(StartError) as caught:
        Broken.start()
    assert isinstance(caught.value.reason.exception, ValueError)


def test_a_constructor_that_forgets_super_is_told_so():
    class Forgetful(Process):
        def __init__(self):
            pass

    with pytest.raises(TypeError, match="Forgetful"):
        Forgetful.start()


def test_exit_in_on_start_fails_the_start_with_that_reason():
    with pytest.raises(StartError) as caught:
        Worker.start(plan=Plan(Exit(Shutdown("not today"))))
    assert caught.value.reason == Shutdown("not today")


@pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, Shutdown(1), "my own"], ids=repr)
def test_raising_exit_ends_with_that_reason_after_on_stop(reason, diary):
    ref = Worker.start(diary=diary)
    ref.tell(("exit", reason))
    assert wait(ref, timeout=5) == reason
    assert diary == [("w", "start"), ("w", "stop")]


def test_who_asks_one_that_exits_gets_no_process():
    ref = Worker.start()
    with pytest.raises(NoProcess):
        ref.ask(("exit", NORMAL), timeout=5)


def test_stopping_itself_ends_with_normal_after_the_backlog(diary):
    ref = Worker.start(diary=diary)
    ref.ask(("call", lambda self: [self.stop(), self.actor_ref.tell("late")]), timeout=5)
    assert wait(ref, timeout=5) == NORMAL
    assert diary == [("w", "start"), ("w", "stop")]


def test_pykkas_stop_waits_for_the_backlog_and_for_the_end(diary):
    ref = Worker.start(diary=diary)
    ref.tell("one")
    assert ref.stop() is True
    assert not ref.is_alive()
    assert diary == [("w", "start"), ("w", "one"), ("w", "stop")]
    assert ref.stop() is False
    assert wait(ref) == NORMAL


def test_pykkas_stop_without_blocking_gives_a_future():
    ref = Worker.start()
    assert ref.stop(block=False).get(timeout=5) is True


def test_stop_all_of_pykka_ends_processes_too():
    refs = [Worker.start() for _ in range(3)]
    assert pykka.ActorRegistry.stop_all(timeout=5) == [True] * 3
    assert [wait(ref) for ref in refs] == [NORMAL] * 3


def test_an_orderly_stop_overtakes_the_backlog(diary, gate):
    ref = Worker.start(diary=diary)
    ref.tell(("wait", gate))
    for number in range(100):
        ref.tell(number)
    eventually(lambda: len(ref.life.inbox) == 100)
    stopper = threading.Thread(target=stop, args=(ref, SHUTDOWN))
    stopper.start()
    eventually(lambda: ref.life.stop_reason)
    gate.set()
    stopper.join(5)
    assert wait(ref, timeout=5) == SHUTDOWN
    assert diary == [("w", "start"), ("w", "stop")]


def test_an_expected_error_is_an_answer_when_asked():
    ref = Worker.start()
    with pytest.raises(Expected):
        ref.ask(Expected("no"), timeout=5)
    assert ref.ask("still there", timeout=5) == "still there"


def test_an_expected_error_that_nobody_asked_for_is_a_crash():
    ref = Worker.start()
    error = Expected("no")
    ref.tell(error)
    assert wait(ref, timeout=5) == Crashed(error)


def test_a_crash_runs_on_failure_and_not_on_stop(diary):
    ref = Worker.start(diary=diary)
    ref.tell(ValueError())
    wait(ref, timeout=5)
    assert diary == [("w", "start"), ("w", "failure")]


def test_an_exception_in_on_stop_is_the_reason():
    error = ValueError("in on_stop")

    def fail():
        raise error

    ref = Worker.start(on_stop=fail)
    stop(ref, SHUTDOWN)
    assert wait(ref) == Crashed(error)


def test_an_exception_in_on_failure_changes_nothing(monkeypatch):
    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr(Worker, "on_failure", fail)
    ref = Worker.start()
    error = ValueError()
    ref.tell(error)
    assert wait(ref, timeout=5) == Crashed(error)


def test_asks_that_wait_are_answered_when_the_actor_dies(gate):
    ref = Worker.start()
    ref.tell(("wait", gate))
    futures = [ref.ask(n, block=False) for n in range(10)]
    ref.life.request_stop(NORMAL)
    gate.set()
    for future in futures:
        with pytest.raises(NoProcess):
            future.get(timeout=5)


def test_a_dead_actor_answers_no_process_at_once():
    ref = Worker.start()
    stop(ref)
    with pytest.raises(NoProcess):
        ref.ask("x")
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("x")
    with pytest.raises(NoProcess):
        stop(ref)
    kill(ref)
    assert wait(ref, timeout=0) == NORMAL


def test_asking_oneself_is_refused_instead_of_hanging():
    ref = Worker.start()
    with pytest.raises(RuntimeError, match="itself"):
        ref.ask(("call", lambda self: self.actor_ref.ask("x")), timeout=5)


def test_it_is_alive_until_on_stop_has_run():
    alive = []
    ref = Worker.start(on_stop=lambda: alive.append(ref.is_alive()))
    stop(ref)
    assert alive == [True]


def test_wait_times_out():
    ref = Worker.start()
    with pytest.raises(TimeoutError):
        wait(ref, timeout=0.01)


def test_an_idle_actor_is_killed_without_on_stop(diary):
    ref = Worker.start(diary=diary)
    seen = watched(ref)
    kill(ref)
    assert wait(ref, timeout=5) == KILLED
    assert diary == [("w", "start")]
    assert seen == [(ref, KILLED)]


def test_an_actor_can_kill_itself(diary):
    ref = Worker.start(diary=diary)
    with pytest.raises(NoProcess):
        ref.ask(("call", lambda self: kill(self.actor_ref)), timeout=5)
    assert wait(ref, timeout=5) == KILLED
    assert diary == [("w", "start")]


def test_monitors_are_called_once_also_when_late_and_not_when_withdrawn():
    ref = Worker.start()
    reasons, both, nothing, withdrawn = [], [], [], []
    monitor(ref, reasons.append)
    monitor(ref, lambda *both_of_them: both.append(both_of_them))
    monitor(ref, lambda: nothing.append(1))
    monitor(ref, withdrawn.append)()
    monitor(ref, lambda _: 1 / 0)
    stop(ref)
    monitor(ref, reasons.append)
    assert (reasons, both, nothing, withdrawn) == ([NORMAL, NORMAL], [(ref, NORMAL)], [1], [])


def test_a_monitor_may_wait_for_the_one_that_it_monitors():
    ref = Worker.start()
    seen = []
    monitor(ref, lambda who, _: seen.append(wait(who)))
    stop(ref)
    assert seen == [NORMAL]


@pytest.mark.threads
def test_a_busy_thread_that_is_killed_is_fenced_and_reported_as_leaked(gate, reports):
    other = Worker.start(diary=(heard := []))
    ref = Worker.start()
    late = threading.Event()

    def speak_late(_self):
        gate.wait(10)
        other.tell("from the grave")
        late.set()

    answer = ref.ask(("call", speak_late), block=False)
    eventually(lambda: ref.life.handling_since)
    kill(ref)
    assert wait(ref) == KILLED
    with pytest.raises(NoProcess):
        answer.get(timeout=5)
    assert [r["kind"] for r in reports()] == ["leaked"]
    gate.set()
    assert late.wait(5)
    other.ask("done", timeout=5)
    assert ("w", "from the grave") not in heard
