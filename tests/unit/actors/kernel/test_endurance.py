"""Crash and restart thousands of times: nothing grows."""

import gc
import logging
import threading
import weakref
from typing import ClassVar

import pykka
import pytest

from athanor.actors import names
from athanor.actors.process import Process
from athanor.actors.supervisor import (
    ChildSpec,
    DynamicSupervisor,
    Supervisor,
    start_child,
    wait,
    whereis,
    which_children,
)
from tests.support.actors import Worker, child

CYCLES = 500


@pytest.fixture(autouse=True)
def _no_records():
    """The log that pytest captures would keep every exception alive."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Crashing(Process):
    registered_name = "crashing"
    lives: ClassVar = weakref.WeakSet()

    def __init__(self):
        super().__init__()
        self.lives.add(self)

    def on_receive(self, message):
        raise ValueError(message)


def crash_often(sup):
    for number in range(CYCLES):
        ref = whereis("crashing") or child(sup, "a")
        ref.tell(number)
        wait(ref, timeout=10)
        which_children(sup)


def test_nothing_grows_over_many_restarts():
    sup = Supervisor.start_link([ChildSpec(id="a", start=Crashing)], max_restarts=10**9)
    crash_often(sup)
    gc.collect()
    objects, threads = len(gc.get_objects()), threading.active_count()
    crash_often(sup)
    gc.collect()
    assert len(gc.get_objects()) - objects < CYCLES
    assert threading.active_count() <= threads
    assert len(Crashing.lives) <= 3
    assert len(pykka.ActorRegistry.get_all()) == 2
    assert set(names.registered()) == {"crashing"}
    assert len(sup.life.inbox) == 0


def test_nothing_grows_over_many_dynamic_children():
    class Passing(Worker):
        pass

    dyn = DynamicSupervisor.start_link()
    for _ in range(CYCLES):
        start_child(dyn, ChildSpec(start=Passing, restart="temporary")).stop()
    assert which_children(dyn) == []
    gc.collect()
    assert not [found for found in gc.get_objects() if isinstance(found, Passing)]
