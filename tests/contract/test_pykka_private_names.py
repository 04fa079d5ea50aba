"""The kernel replaces two private methods of pykka; here is what it relies on.

When one of these fails after an upgrade, read ``athanor/actors/process.py`` before the pin moves.
"""

import inspect
import queue

import pykka
import pytest

from athanor.actors.process import Process, ProcessRef
from tests.support.actors import Worker


def test_the_two_methods_are_still_what_the_kernel_replaces():
    loop = inspect.signature(pykka.Actor._actor_loop)
    receive = inspect.signature(pykka.Actor._handle_receive)
    assert list(loop.parameters) == ["self"]
    assert list(receive.parameters) == ["self", "message"]
    assert "_actor_loop" in Process.__dict__
    assert "_handle_receive" in Process.__dict__
    assert "self._actor_loop" in inspect.getsource(pykka.ThreadingActor._start_actor_loop)
    assert "self.on_receive(message)" in inspect.getsource(pykka.Actor._handle_receive)


def test_no_method_of_the_kernel_shadows_another_private_one_of_pykka():
    theirs = {name for name in dir(pykka.ThreadingActor) if name.startswith("_")}
    ours = {name for name in Process.__dict__ if name.startswith("_") and not name.startswith("__")}
    assert theirs & ours - {"_abc_impl"} == {"_actor_loop", "_handle_receive"}


def test_refs_are_made_from_an_actor_and_refer_to_its_inbox_and_flag():
    ref = Worker.start()
    assert isinstance(ref, ProcessRef)
    assert ref.actor_class is Worker
    assert ref.actor_urn.startswith("urn:uuid:")
    assert pykka.ActorRegistry.get_by_urn(ref.actor_urn) is ref
    assert not ref.actor_stopped.is_set()
    assert ref.stop() is True
    assert ref.actor_stopped.is_set()
    assert pykka.ActorRegistry.get_by_urn(ref.actor_urn) is None


def test_futures_are_set_once():
    future = pykka.ThreadingFuture()
    future.set_exception((ValueError, ValueError("x"), None))
    with pytest.raises(queue.Full):
        future.set(1)
