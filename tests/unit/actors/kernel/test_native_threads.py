"""Native threads beneath gevent reach actors at once."""

import time

import gevent
import pytest
from gevent import monkey

from athanor.actors.calls import bind_main_hub, call_in_main, cast_threadsafe
from athanor.actors.supervisor import kill
from tests.support.actors import Worker, eventually

pytestmark = pytest.mark.greenlets


def in_native_thread(function):
    start = monkey.get_original("_thread", "start_new_thread")
    start(function, ())


@pytest.mark.parametrize("send", ["cast", "tell", "call_in_main"])
def test_a_message_from_a_native_thread_wakes_the_hub(send):
    bind_main_hub()
    heard = gevent.event.Event()
    ref = Worker.start()
    sleep = monkey.get_original("time", "sleep")
    message = ("call", lambda _self: heard.set())

    def speak():
        sleep(0.05)  # the hub is asleep by now
        match send:
            case "cast":
                cast_threadsafe(ref, message)
            case "tell":
                ref.tell(message)
            case _:
                call_in_main(heard.set)

    in_native_thread(speak)
    began = time.monotonic()
    assert heard.wait(30)
    assert time.monotonic() - began < 10


def test_thousands_of_messages_from_native_threads_all_arrive_in_order():
    diary = []
    ref = Worker.start(diary=diary)
    names = "abcd"
    for name in names:
        in_native_thread(lambda name=name: [cast_threadsafe(ref, (name, n)) for n in range(2000)])
    eventually(lambda: len(diary) == 1 + 4 * 2000, timeout_s=20)
    for name in names:
        mine = [text for _, text in diary if text.startswith(f"('{name}'")]
        assert mine == [str((name, n)) for n in range(2000)]
    kill(ref)
    assert not cast_threadsafe(ref, "late")
