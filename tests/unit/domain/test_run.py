"""The one state machine: what is final stays, and every way to an end is a way of the contract."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from athanor.domain.run import ExitReason, Outcome, RunStatus, final_status, may_become

FINAL = {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}


def test_a_final_status_is_never_left() -> None:
    for present in FINAL:
        assert present.is_final
        assert not any(may_become(present, wanted) for wanted in RunStatus)


def test_a_run_completes_only_after_it_ran() -> None:
    assert not may_become(RunStatus.PENDING, RunStatus.COMPLETED)
    assert may_become(RunStatus.RUNNING, RunStatus.COMPLETED)


def test_nothing_goes_back_to_pending() -> None:
    assert not any(may_become(present, RunStatus.PENDING) for present in RunStatus)


@given(st.lists(st.sampled_from(list(RunStatus)), max_size=20))
def test_whatever_is_asked_for_a_run_ends_once(wanted: list[RunStatus]) -> None:
    present, ends = RunStatus.PENDING, 0
    for status in wanted:
        if may_become(present, status):
            present = status
            ends += status.is_final
    assert ends <= 1
    assert (ends == 1) == present.is_final


@given(st.sampled_from(list(ExitReason)))
def test_once_cancellation_was_asked_for_a_run_ends_cancelled(reason: ExitReason) -> None:
    assert final_status(Outcome(reason), cancel_asked=True) is RunStatus.CANCELLED


def test_without_it_only_returning_completes() -> None:
    completed = {
        reason
        for reason in ExitReason
        if final_status(Outcome(reason), cancel_asked=False) is RunStatus.COMPLETED
    }
    assert completed == {ExitReason.RETURNED}


def test_exit_tells_the_reason_and_what_belongs_to_it() -> None:
    outcome = Outcome(ExitReason.SIGNAL, "killed", {"signal": "SIGKILL"})
    assert outcome.to_json() == {"reason": "signal", "signal": "SIGKILL"}
