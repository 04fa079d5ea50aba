"""What only greenlets can do: be thrown out of whatever they are in."""

import threading
import time

import gevent
import pytest

from athanor.actors.process import KILLED, Crashed
from athanor.actors.supervisor import (
    ChildSpec,
    NoProcess,
    StartError,
    Supervisor,
    kill,
    monitor,
    terminate_child,
    wait,
)
from tests.support.actors import Worker, child, eventually, spec

pytestmark = pytest.mark.greenlets


def test_a_busy_actor_is_killed_in_its_handler(gate, diary):
    ref = Worker.start(diary=diary)
    answer = ref.ask(("wait", gate), block=False)
    eventually(lambda: ref.life.handling_since)
    kill(ref)
    assert wait(ref, timeout=0) == KILLED
    with pytest.raises(NoProcess):
        answer.get(timeout=1)
    assert diary == [("w", "start")]


def test_a_kill_is_repeated_for_one_that_swallows_it(gate, reports):
    swallowed = []

    def stubborn(_self):
        while len(swallowed) < 3:
            try:
                gate.wait(10)
            except BaseException as error:
                swallowed.append(error)

    ref = Worker.start()
    ref.tell(("call", stubborn))
    eventually(lambda: ref.life.handling_since)
    kill(ref)
    assert wait(ref, timeout=0) == KILLED
    assert not ref.life.is_leaked
    assert reports() == []


def test_one_that_swallows_every_kill_is_leaked_and_fenced(reports):
    over = threading.Event()

    def immortal(_self):
        while not over.is_set():
            try:
                over.wait(10)
            except BaseException:
                continue

    ref = Worker.start()
    ref.tell(("call", immortal))
    eventually(lambda: ref.life.handling_since)
    kill(ref)
    assert wait(ref, timeout=0) == KILLED
    assert ref.life.is_leaked
    assert [(r["kind"], r["offender"]["ref"]) for r in reports()] == [("leaked", ref)]
    over.set()


@pytest.mark.parametrize("is_busy", [False, True])
def test_a_greenlet_killed_behind_our_back_is_an_exit_too(is_busy, gate):
    ref = Worker.start()
    greenlet = ref.ask(("call", lambda _self: gevent.getcurrent()), timeout=5)
    if is_busy:
        ref.tell(("wait", gate))
        eventually(lambda: ref.life.handling_since)
    seen = []
    monitor(ref, seen.append)
    gevent.kill(greenlet)
    assert wait(ref, timeout=5) == KILLED
    assert seen == [KILLED]


def test_a_leaked_timeout_that_strikes_an_idle_actor_is_a_crash():
    ref = Worker.start()
    ref.ask(("call", lambda _self: gevent.Timeout(0.01).start() and None), timeout=5)
    reason = wait(ref, timeout=5)
    assert isinstance(reason, Crashed)
    assert isinstance(reason.exception, gevent.Timeout)


def test_a_start_that_hangs_can_be_killed_with_its_starter():
    never = threading.Event()

    class Hanging(Worker):
        def on_start(self):
            never.wait()

    def start():
        with pytest.raises(StartError) as caught:
            Hanging.start()
        assert caught.value.reason == KILLED

    starter = gevent.spawn(start)
    life = eventually(lambda: [a.life for a in _alive(Hanging)])[0]
    kill(life.ref)
    starter.get(timeout=5)

    starter = gevent.spawn(Hanging.start)
    life = eventually(lambda: [a.life for a in _alive(Hanging)])[0]
    starter.kill()
    assert life.wait(5)


def _alive(kind):
    import pykka

    return pykka.ActorRegistry.get_by_class(kind)


def test_a_killed_child_that_is_busy_comes_back_at_once(gate):
    sup = Supervisor.start_link([spec("a")])
    old = child(sup, "a")
    old.tell(("wait", gate))
    eventually(lambda: old.life.handling_since)
    kill(old)
    assert child(sup, "a") is not old


def test_a_busy_child_is_killed_after_its_shutdown_time(gate, reports):
    sup = Supervisor.start_link([spec("a", shutdown=0.05)])
    ref = child(sup, "a")
    ref.tell(("wait", gate))
    eventually(lambda: ref.life.handling_since)
    terminate_child(sup, "a")
    assert wait(ref, timeout=0) == KILLED
    (report,) = reports()
    assert (report["context"], report["reason"]) == ("shutdown_error", KILLED)


def test_a_callable_that_hangs_is_cancelled_with_its_supervisor():
    never = threading.Event()

    def start():
        Worker.start()
        never.wait()

    starter = gevent.spawn(
        lambda: Supervisor.start_link([ChildSpec(id="a", start=start)], name="hangs")
    )
    from athanor.actors.names import whereis

    sup = eventually(lambda: whereis("hangs"))
    eventually(lambda: _alive(Worker))
    kill(sup)
    with pytest.raises(StartError):
        starter.get(timeout=5)
    assert _alive(Worker) == []


def test_killing_takes_no_longer_than_throwing(gate):
    refs = [Worker.start() for _ in range(100)]
    for ref in refs:
        ref.tell(("wait", gate))
    eventually(lambda: all(ref.life.handling_since for ref in refs))
    began = time.monotonic()
    for ref in refs:
        kill(ref)
    assert not any(ref.life.is_leaked for ref in refs)
    assert time.monotonic() - began < 10
