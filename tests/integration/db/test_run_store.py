"""The state machine holds in the database, whoever writes; leases decide who may take a run over."""

from __future__ import annotations

import itertools
from uuid import UUID, uuid4

import pytest

from athanor.db.database import Database, RowRefused
from athanor.db.stores import postgres_stores
from athanor.domain.errors import (
    InstanceIsActive,
    InstanceNotFound,
    InvalidInput,
    RevisionMismatch,
    RunIsActive,
    RunNotFound,
)
from athanor.domain.ports import RunFilter, Stores
from athanor.domain.run import (
    Cancellation,
    ExitReason,
    NewRun,
    Outcome,
    Progress,
    Run,
    RunStatus,
    may_become,
)

ME = UUID("11111111-1111-4111-8111-111111111111")
OTHER = UUID("22222222-2222-4222-8222-222222222222")
RETURNED = Outcome(ExitReason.RETURNED)
FAILED = Outcome(ExitReason.EXCEPTION, "boom", {"type": "ValueError"})


@pytest.fixture
def stores(database: Database) -> Stores:
    stores = postgres_stores(database, lease_s=30)
    stores.services.register(ME, "here", 1)
    return stores


def new_run(stores: Stores, owner: UUID = ME, instance_id: UUID | None = None) -> Run:
    if instance_id is None:
        instance_id = stores.instances.create("e", "n", "", {}).id
    return stores.runs.create(NewRun(uuid4(), instance_id, "e", {}, "process", 1, owner))


def test_a_final_status_is_never_overwritten(stores) -> None:
    run = new_run(stores)
    assert stores.runs.start(run.id, ME) is not None
    assert stores.runs.finish(run.id, ME, RunStatus.FAILED, FAILED, None) is not None
    assert stores.runs.finish(run.id, ME, RunStatus.COMPLETED, RETURNED, None) is None
    assert stores.runs.start(run.id, ME) is None
    cancel = Cancellation("x", run.created_at)
    assert stores.runs.save_cancellation(run.id, ME, cancel) is None
    after = stores.runs.get(run.id)
    assert (after.status, after.error, after.exit) == (
        RunStatus.FAILED,
        "boom",
        {"reason": "exception", "type": "ValueError"},
    )


@pytest.mark.parametrize(("present", "wanted"), [*itertools.product(RunStatus, RunStatus)])
def test_the_schema_allows_what_the_state_machine_allows(stores, database, present, wanted) -> None:
    if present is wanted:
        return
    run = new_run(stores)
    if present is not RunStatus.PENDING and present is not RunStatus.CANCELLED:
        stores.runs.start(run.id, ME)
    if present.is_final:
        stores.runs.finish(run.id, ME, present, FAILED, None)

    def force() -> None:
        with database.transaction() as connection:
            connection.execute(
                "UPDATE runs SET status = %(s)s,"
                " started_at = CASE WHEN %(s)s = 'pending' THEN NULL ELSE now() END,"
                " finished_at = CASE WHEN %(f)s THEN now() END,"
                " exit = CASE WHEN %(f)s THEN '{}'::json END WHERE id = %(id)s",
                {"s": wanted.value, "f": wanted.is_final, "id": run.id},
            )

    if may_become(present, wanted):
        force()
        assert stores.runs.get(run.id).status is wanted
    else:
        with pytest.raises(RowRefused):
            force()
        assert stores.runs.get(run.id).status is present


def test_writes_of_somebody_who_does_not_own_the_run_change_nothing(stores) -> None:
    run = new_run(stores)
    assert stores.runs.start(run.id, OTHER) is None
    stores.runs.start(run.id, ME)
    progress = Progress(1, 2, 50, None, run.created_at)
    assert stores.runs.save_progress(run.id, OTHER, progress) is None
    assert stores.runs.finish(run.id, OTHER, RunStatus.FAILED, FAILED, None) is None
    assert stores.runs.get(run.id).status is RunStatus.RUNNING


def test_a_run_is_adopted_only_when_its_owners_lease_is_over(stores, database) -> None:
    stores.services.register(OTHER, "there", 2)
    run = new_run(stores, OTHER)
    assert stores.services.orphans(ME, 10) == ()
    assert stores.runs.adopt(run.id, OTHER, ME) is None
    with database.transaction() as connection:
        connection.execute(
            "UPDATE services SET heartbeat_at = now() - interval '31 s' WHERE id = %s", (OTHER,)
        )
    assert [orphan.id for orphan in stores.services.orphans(ME, 10)] == [run.id]
    adopted = stores.runs.adopt(run.id, OTHER, ME)
    assert adopted is not None
    assert adopted.owner == ME
    assert stores.runs.start(run.id, OTHER) is None
    stores.services.heartbeat(OTHER)
    assert stores.services.orphans(ME, 10) == ()


def test_a_released_lease_is_over_at_once(stores) -> None:
    stores.services.register(OTHER, "there", 2)
    run = new_run(stores, OTHER)
    stores.services.release(OTHER)
    assert [orphan.id for orphan in stores.services.orphans(ME, 10)] == [run.id]


def test_runs_are_listed_page_by_page_and_filtered(stores) -> None:
    instance = stores.instances.create("e", "n", "", {})
    runs = [new_run(stores, instance_id=instance.id) for _ in range(5)]
    stores.runs.start(runs[2].id, ME)
    seen, cursor = [], None
    while True:
        page = stores.runs.list(RunFilter(instance_id=instance.id), 2, cursor)
        seen += [run.id for run in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [run.id for run in reversed(runs)]
    running = stores.runs.list(
        RunFilter(statuses=(RunStatus.RUNNING,), instance_id=instance.id), 10, None
    )
    assert [run.id for run in running.items] == [runs[2].id]
    positions = {run.id: run.queue_position for run in stores.runs.unfinished(ME)}
    assert positions[runs[2].id] is None
    assert positions[runs[0].id] < positions[runs[1].id] < positions[runs[4].id]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "eyJhIjoxfQ", "\u00e9", "W10"])
def test_a_cursor_that_was_tampered_with_is_refused(stores, cursor) -> None:
    with pytest.raises(InvalidInput):
        stores.runs.list(RunFilter(), 10, cursor)


def test_deleting_asks_for_the_end_first(stores) -> None:
    run = new_run(stores)
    with pytest.raises(RunIsActive):
        stores.runs.delete(run.id)
    with pytest.raises(InstanceIsActive):
        stores.instances.delete(run.instance_id)
    stores.runs.finish(run.id, ME, RunStatus.CANCELLED, Outcome(ExitReason.CANCELLED), None)
    stores.runs.delete(run.id)
    with pytest.raises(RunNotFound):
        stores.runs.get(run.id)
    assert stores.instances.delete(run.instance_id) == ()
    with pytest.raises(InstanceNotFound):
        stores.instances.get(run.instance_id)
    with pytest.raises(InstanceNotFound):
        new_run(stores, instance_id=run.instance_id)


def test_an_edit_meanwhile_is_a_mismatch_and_a_run_meanwhile_is_not(stores) -> None:
    instance = stores.instances.create("e", "n", "", {"a": 1})
    new_run(stores, instance_id=instance.id)
    renamed = stores.instances.update(instance.id, {"name": "m"}, instance.revision)
    assert renamed.name == "m"
    with pytest.raises(RevisionMismatch):
        stores.instances.update(instance.id, {"name": "x"}, instance.revision)
    assert stores.instances.get(instance.id).configuration == {"a": 1}


def test_statistics_tell_of_the_last_twenty_runs(stores) -> None:
    instance = stores.instances.create("e", "n", "", {})
    runs = [new_run(stores, instance_id=instance.id) for _ in range(22)]
    stores.runs.start(runs[-1].id, ME)
    stats = stores.instances.get(instance.id).stats
    assert stats.run_count == 22
    assert [recent.id for recent in stats.recent_runs] == [run.id for run in runs[2:]]
    assert stats.last_run_status is RunStatus.RUNNING


def test_integers_of_any_size_in_a_configuration_keep_every_digit(stores) -> None:
    configuration = {"big": 2**200, "nested": [{"x": -(2**70)}]}
    instance = stores.instances.create("e", "n", "", configuration)
    assert stores.instances.get(instance.id).configuration == configuration


def test_the_newest_activity_comes_first(stores) -> None:
    first = stores.instances.create("e", "first", "", {})
    stores.instances.create("e", "second", "", {})
    new_run(stores, instance_id=first.id)
    assert stores.instances.list(1, None).items[0].id == first.id

