"""Names find the incarnation that lives now; calls are bounded; casts never raise."""

import threading

import pytest

from athanor.actors import names
from athanor.actors.calls import bind_main_hub, call, call_in_main, cast, cast_threadsafe
from athanor.actors.process import Process
from athanor.actors.supervisor import (
    AlreadyStarted,
    ChildSpec,
    NoProcess,
    StartError,
    Supervisor,
    kill,
    monitor,
    stop,
    wait,
    whereis,
    which_children,
)
from tests.support.actors import Expected, Plan, Worker, child, eventually


class Named(Process):
    registered_name = "the one"

    def on_receive(self, message):
        return message


class Nameable(Worker):
    def __init__(self, name, **options):
        super().__init__(**options)
        self._wanted_name = name


class Passing(Process):
    def __init__(self, wanted):
        super().__init__(name=wanted)


def test_a_name_is_taken_before_on_start_and_free_at_the_end():
    seen = []
    ref = Nameable.start("n", plan=Plan(lambda: seen.append(names.registered()["n"])))
    assert seen == [ref]
    assert whereis("n") is ref
    freed = []
    monitor(ref, lambda: freed.append(whereis("n")))
    stop(ref)
    assert whereis("n") is None
    assert freed == [None]
    assert names.registered() == {}


@pytest.mark.parametrize("name", ["run_server:1", ("run", 1), 7])
def test_any_hashable_is_a_name(name):
    assert whereis(name) is None
    assert Passing.start(name) is whereis(name)


def test_a_class_may_have_its_name_and_a_second_one_is_refused():
    ref = Named.start()
    with pytest.raises(AlreadyStarted) as caught:
        Named.start()
    assert caught.value.ref is ref
    assert whereis("the one") is ref
    kill(ref)
    assert Named.start() is whereis("the one")


def test_a_failed_start_frees_the_name():
    with pytest.raises(StartError):
        Nameable.start("n", plan=Plan(ValueError()))
    assert names.registered() == {}


def test_a_name_finds_the_next_incarnation():
    sup = Supervisor.start_link([ChildSpec(id="a", start=Named)])
    old = whereis("the one")
    kill(old)
    assert child(sup, "a") is whereis("the one")
    assert call("the one", "x") == "x"
    assert whereis("the one") is not old


def test_a_name_that_a_stranger_has_is_a_start_error_of_the_child():
    stranger = Named.start()
    with pytest.raises(StartError) as caught:
        Supervisor.start_link([ChildSpec(id="a", start=Named)])
    _, key, reason = caught.value.reason.detail
    assert key == "a"
    assert reason.exception.ref is stranger


def test_a_further_name_can_be_registered_and_given_back():
    one, two = Worker.start(), Worker.start()
    names.register("n", one)
    with pytest.raises(AlreadyStarted):
        names.register("n", two)
    names.unregister("n", two)
    assert whereis("n") is one
    names.unregister("n")
    names.register("n", two)
    kill(two)
    assert whereis("n") is None
    with pytest.raises(NoProcess):
        names.register("n", two)


def test_a_call_answers_times_out_and_knows_no_dead():
    ref = Nameable.start("n")
    assert call("n", "x") == call(ref, "x") == "x"
    with pytest.raises(Expected):
        call("n", Expected("no"))
    gate = threading.Event()
    ref.tell(("wait", gate))
    with pytest.raises(TimeoutError):
        call("n", "x", timeout_s=0.02)
    gate.set()
    kill(ref)
    for target in ("n", ref):
        with pytest.raises(NoProcess):
            call(target, "x")


def test_a_cast_never_raises(diary):
    ref = Nameable.start("n", diary=diary)
    assert cast("n", 1) is cast(ref, 2) is cast_threadsafe("n", 3) is True
    assert not cast("nobody", 1)
    ref.ask("sync", timeout=5)
    kill(ref)
    assert not cast(ref, 1)
    assert [event for _, event in diary] == ["start", "1", "2", "3", "sync"]


def test_call_in_main_calls():
    bind_main_hub()
    seen = []
    call_in_main(seen.append, 1)
    eventually(lambda: seen == [1])


def test_a_ref_asked_by_many_threads_answers_all():
    ref = Worker.start()
    answers = []

    def ask(number):
        answers.append(ref.ask(number, timeout=10) == number)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert answers == [True] * 50


def test_none_of_the_asks_that_race_with_an_end_hangs():
    for _ in range(30):
        ref = Worker.start()
        outcomes = []

        def ask(ref=ref, outcomes=outcomes):
            try:
                for _ in range(1000):
                    ref.ask("x", timeout=10)
            except NoProcess:
                outcomes.append("no process")

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        kill(ref)
        for thread in threads:
            thread.join(10)
        assert outcomes == ["no process"] * 3
        assert len(ref.life.inbox) == 0


def test_proxies_of_pykka_work():
    proxy = Worker.start("k").proxy()
    assert proxy.key.get(timeout=5) == "k"


def test_a_restarted_named_supervisor_is_found_by_its_name():
    inner = ChildSpec(
        id="inner", start=Supervisor.start_link, kwargs={"name": "inner"}, type="supervisor"
    )
    root = Supervisor.start_link([inner])
    old = whereis("inner")
    kill(old)
    wait(old, timeout=5)
    assert which_children(root)[0][1] is whereis("inner")
    assert which_children("inner") == []
