"""The kernel's tests run twice: in plain threads, and in a process of their own under gevent."""

from __future__ import annotations

import threading

import pykka
import pytest

from athanor.actors import names
from athanor.actors.scheduling import cooperative
from athanor.actors.supervisor import kill

IN_GREENLETS = cooperative()


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "greenlets: only greenlets can do it; run in the patched pass"
    )
    config.addinivalue_line("markers", "threads: only means something in plain threads")


def pytest_collection_modifyitems(config, items):
    foreign = "threads" if IN_GREENLETS else "greenlets"
    left_out = [item for item in items if item.get_closest_marker(foreign)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(foreign)]


@pytest.fixture(autouse=True)
def _nothing_is_left_behind():
    yield
    for ref in pykka.ActorRegistry.get_all():  # supervisors come before their children
        kill(ref)
    assert pykka.ActorRegistry.get_all() == []
    assert names.registered() == {}


@pytest.fixture
def diary():
    return []


@pytest.fixture
def gate():
    """An event to block on; always opened at the end, so that no thread stays behind."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def reports(caplog):
    """The structured reports so far, oldest first."""
    caplog.set_level("DEBUG", "athanor.supervisor")

    def read(context=None):
        found = [r.report for r in caplog.records if hasattr(r, "report")]
        return [r for r in found if context in {None, r["context"]}]

    return read
