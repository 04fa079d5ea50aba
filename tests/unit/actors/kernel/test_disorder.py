"""Random kills, crashes, stops and requests at once, from a printed seed.

The invariant: every actor exits exactly once, nobody who asks hangs, and when the root has stopped
nothing is left.
"""

import logging
import random
import threading
import time

import pykka
import pytest

from athanor.actors import names
from athanor.actors.process import Process
from athanor.actors.supervisor import (
    ChildSpec,
    DynamicSupervisor,
    Refusal,
    Supervisor,
    kill,
    monitor,
    restart_child,
    start_child,
    stop,
    terminate_child,
    which_children,
)
from athanor.actors.tree_view import tree, walk

ROUNDS = 120
EXITS = {}


class Restless(Process):
    """Counts its exits; does what it is told, sometimes does not even start."""

    def __init__(self, chances=0.0):
        super().__init__()
        self.chances = chances
        ref = self.actor_ref
        EXITS[ref.actor_urn] = 0
        monitor(ref, self.count)

    @staticmethod
    def count(ref, _reason):
        EXITS[ref.actor_urn] += 1

    def on_start(self):
        if random.random() < self.chances:
            raise ValueError("not today")

    def on_receive(self, message):
        if message == "crash":
            raise ValueError("crash")
        if message == "nap":
            time.sleep(0.001)
        return message


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    EXITS.clear()
    yield
    logging.disable(logging.NOTSET)


def plant():
    """Return a root over two groups and a dynamic supervisor of units, with budgets for all this."""
    plenty = {"max_restarts": 10**6}

    def group(strategy):
        kids = [ChildSpec(id=n, start=Restless, args=(0.1,), shutdown=0.5) for n in range(3)]
        return Supervisor.start_link(kids, strategy=strategy, **plenty)

    def retrying(strategy):
        while True:  # the first start of a group must succeed
            try:
                return group(strategy)
            except Refusal:
                continue

    sups = [
        ChildSpec(id=s, start=retrying, args=(s,), type="supervisor")
        for s in ("one_for_all", "rest_for_one")
    ]
    dynamic = ChildSpec(
        id="dyn", start=DynamicSupervisor.start_link, kwargs=plenty | {"name": "dyn"},
        type="supervisor",
    )  # fmt: skip
    return Supervisor.start_link([*sups, dynamic], **plenty)


def disturb(root, rng):
    ref = rng.choice([r for r in pykka.ActorRegistry.get_all() if r is not root] or [None])
    if ref is None:
        return
    is_worker = ref.actor_class is Restless
    match rng.randrange(7):
        case 0:
            kill(ref)
        case 1 if is_worker:
            ref.tell("crash")
        case 2 if is_worker:
            ref.ask(rng.choice(["crash", "nap", "x"]), timeout=20)
        case 3:
            ref.stop(block=False)
        case 4 if not is_worker:
            terminate_child(ref, rng.randrange(3))
        case 5 if not is_worker:
            restart_child(ref, rng.randrange(3))
        case _ if len(pykka.ActorRegistry.get_all()) < 60:
            unit = ChildSpec(id="u", start=Restless, args=(0.2,), restart="transient")
            start_child("dyn", unit)


@pytest.mark.parametrize("seed", range(4))
def test_everyone_exits_once_and_nothing_is_left(seed):
    print("seed", seed)
    root = plant()
    failures = []

    def torment(number):
        rng = random.Random(seed * 100 + number)
        for _ in range(ROUNDS):
            if rng.random() < 0.5:
                time.sleep(0)  # lets the others run, greenlets too
            try:
                disturb(root, rng)
                if rng.random() < 0.1:
                    list(walk(tree(root)))
            except (Refusal, ValueError):
                continue
            except BaseException as error:
                failures.append(error)
                raise

    threads = [threading.Thread(target=torment, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "somebody hangs"
    assert failures == []
    assert len(which_children(root)) == 3
    stop(root, timeout=60)
    assert pykka.ActorRegistry.get_all() == []
    assert names.registered() == {}
    assert set(EXITS.values()) == {1}
