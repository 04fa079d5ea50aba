"""The figures: intervals, ROC area, and the row of a pair."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from substrate_shift.figures import Figures, RocArea, wilson_interval


def test_wilson_intervals_are_those_of_the_textbook() -> None:
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for hits, trials, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson_interval(hits, trials) == pytest.approx((low, high), abs=5e-5)


def test_without_a_trial_the_interval_is_everything() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@given(trials=st.integers(1, 200), data=st.data())
def test_an_interval_holds_its_rate_and_lies_within_zero_and_one(
    trials: int, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(0, trials))
    low, high = wilson_interval(hits, trials)
    assert 0 <= low <= hits / trials <= high <= 1


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40))
def test_the_roc_area_is_the_share_of_wins_over_all_pairs_with_ties_as_half(
    trials: list[tuple[int, bool]],
) -> None:
    area = RocArea()
    for score, control in trials:
        area.add(score, control=control)
    switched = [score for score, control in trials if not control]
    controls = [score for score, control in trials if control]
    if not switched or not controls:
        assert area.value is None
        return
    wins = sum((s > c) + (s == c) / 2 for s in switched for c in controls)
    assert area.value == pytest.approx(wins / (len(switched) * len(controls)))


def test_scores_that_say_nothing_have_an_area_of_a_half() -> None:
    area, source = RocArea(), random.Random(1)
    for number in range(2000):
        area.add(source.random(), control=number % 2 == 0)
    assert area.value == pytest.approx(0.5, abs=0.05)


def test_figures_of_nothing_have_no_metrics_and_a_row_without_rates() -> None:
    row = Figures().to_row()
    assert Figures().metrics() == {}
    assert row["detection_rate"] is None
    assert row["roc_area"] is None
