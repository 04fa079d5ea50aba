"""The tree can be read at any time, whatever its actors are doing."""

import pytest

from athanor.actors import reports as events
from athanor.actors.supervisor import (
    ChildSpec,
    DynamicSupervisor,
    NotFound,
    Supervisor,
    change_child_policy,
    change_policy,
    get_childspec,
    kill,
    restart_child,
    start_child,
    terminate_child,
    wait,
    which_children,
)
from athanor.actors.tree_view import ShownPolicy, locate, tree, walk
from tests.support.actors import ManualClock, Plan, child, eventually, spec


@pytest.fixture
def root():
    inner = ChildSpec(id="runs", start=DynamicSupervisor.start_link, type="supervisor")
    sup = Supervisor.start_link([spec("web"), inner], strategy="rest_for_one", name="the root")
    start_child(child(sup, "runs"), spec("r.1", restart="transient", shutdown="brutal_kill"))
    return sup


@pytest.fixture
def seen():
    told = []
    unsubscribe = events.subscribe(lambda event: told.append((event.event, event.path)))
    yield told
    unsubscribe()


def test_it_shows_everybody_with_path_and_policy(root):
    shown = tree(root)
    assert [(n.id, n.path, n.type, n.state) for n in walk(shown)] == [
        ("root", "root", "supervisor", "running"),
        ("web", "web", "worker", "running"),
        ("runs", "runs", "supervisor", "running"),
        ("r.1", "runs.r.1", "worker", "running"),
    ]
    assert shown.name == "the root"
    assert shown.policy == ShownPolicy("rest_for_one", 3, 5.0)
    assert shown.children[0].policy == ShownPolicy(restart="permanent", shutdown=5.0)
    assert shown.children[1].policy == ShownPolicy(
        "one_for_one", 3, 5.0, restart="permanent", shutdown="infinity"
    )
    assert shown.children[1].children[0].policy.shutdown == "brutal_kill"
    assert shown.children[0].urn == child(root, "web").actor_urn


def test_it_does_not_wait_for_busy_actors(root, gate):
    web = child(root, "web")
    web.tell(("wait", gate))
    web.tell("next")
    eventually(lambda: web.life.handling_since)
    shown = tree(root).children[0]
    assert shown.inbox == 1
    assert shown.handler_s >= 0
    assert shown.oldest_message_s >= 0
    assert shown.uptime_s >= shown.handler_s


def test_it_does_not_wait_for_a_supervisor_that_starts_for_ever(gate):
    plan = Plan("ok", lambda: gate.wait(20))
    sup = Supervisor.start_link([spec("a", plan=plan)])
    kill(child(sup, "a"))
    eventually(lambda: plan.starts == 2)
    assert tree(sup).children[0].state == "restarting"
    gate.set()
    eventually(lambda: tree(sup).children[0].state == "running")


def test_incarnations_and_restarts_are_counted(root):
    kill(child(root, "web"))
    assert child(root, "web").is_alive()
    shown = tree(root).children[0]
    assert (shown.incarnation, shown.restarts, shown.last_exit) == (2, 1, "KILLED")
    terminate_child(root, "web")
    assert tree(root).children[0].state == "stopped"
    restart_child(root, "web")
    shown = tree(root).children[0]
    assert (shown.incarnation, shown.restarts) == (3, 1)


def test_a_path_leads_to_the_supervisor_and_the_key_there(root):
    web = locate(root, "web")
    assert (web.supervisor, web.key, web.ref) == (root, "web", child(root, "web"))
    found = locate(root, "runs.r.1")
    assert found.supervisor is child(root, "runs")
    terminate_child(found.supervisor, found.key)
    for path in ("runs.r.1", "nothing", "", "root", "web.x"):
        with pytest.raises(NotFound):
            locate(root, path)


def test_the_trees_events_are_told_to_subscribers(seen):
    sup = Supervisor.start_link([spec("a")], max_restarts=1, clock=ManualClock())
    kill(child(sup, "a"))
    start_child(sup, spec("b"))
    change_policy(sup, max_seconds=7)
    change_child_policy(sup, "b", shutdown=1)
    kill(child(sup, "a"))
    wait(sup, timeout=5)
    assert seen == [
        ("actor_started", "a"),
        ("actor_exited", "a"),
        ("actor_restarted", "a"),
        ("actor_started", "b"),
        ("policy_changed", "root"),
        ("policy_changed", "b"),
        ("actor_exited", "a"),
        ("supervisor_gave_up", "root"),
        ("actor_exited", "b"),
    ]


def test_the_path_of_an_event_is_whole(root, seen):
    ref = locate(root, "runs.r.1").ref
    kill(ref)
    eventually(lambda: ("actor_exited", "runs.r.1") in seen)


def test_a_subscriber_that_fails_harms_nobody(root):
    unsubscribe = events.subscribe(lambda _: 1 / 0)
    kill(child(root, "web"))
    assert child(root, "web").is_alive()
    unsubscribe()


def test_a_changed_policy_is_in_force_at_once():
    sup = Supervisor.start_link([spec("a"), spec("b")], max_restarts=0, clock=ManualClock())
    change_policy(sup, max_restarts=1, strategy="one_for_all")
    b = child(sup, "b")
    kill(child(sup, "a"))
    assert child(sup, "b") is not b
    change_child_policy(sup, "b", restart="temporary")
    kill(child(sup, "b"))
    assert [key for key, _, _ in which_children(sup)] == ["a"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("strategy", "x"), ("max_restarts", -1), ("max_seconds", 0), ("backoff", "x"), ("color", 1)],
)
def test_a_wrong_policy_is_refused_whole(field, value):
    sup = Supervisor.start_link([spec("a")])
    with pytest.raises(ValueError, match=field):
        change_policy(sup, **{"max_restarts": 9, field: value})
    assert tree(sup).policy == ShownPolicy("one_for_one", 3, 5.0)
    with pytest.raises(ValueError, match="restart"):
        change_child_policy(sup, "a", restart="x")
    with pytest.raises(ValueError, match="color"):
        change_child_policy(sup, "a", color="x")
    assert get_childspec(sup, "a").restart == "permanent"


def test_a_dynamic_supervisor_has_one_strategy_only():
    dyn = DynamicSupervisor.start_link()
    with pytest.raises(ValueError, match="strategy"):
        change_policy(dyn, strategy="one_for_all")
    change_policy(dyn, max_restarts=7)
    assert tree(dyn).policy.max_restarts == 7
