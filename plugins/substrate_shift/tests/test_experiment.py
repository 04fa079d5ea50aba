"""The experiment as a whole, on a context that records."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, TypeAlias

import pytest
from substrate_shift.configuration import Configuration
from substrate_shift.experiment import SubstrateShift

from athanor import Cancelled

Recorder: TypeAlias = Callable[..., Any]

SMALL: dict[str, Any] = {
    "runs_per_pair": 4,
    "parallelism": 1,
    "text_length_tokens": 120,
    "permutations": 99,
    "model_pairs": [
        {"model_a": "unigram", "model_b": "trigram-witten-bell"},
        {"model_a": "bigram-kneser-ney", "model_b": "bigram-witten-bell"},
    ],
}


def test_it_is_found_by_its_entry_point() -> None:
    (found,) = entry_points(group="athanor.experiments", name="substrate_shift")
    assert found.load() is SubstrateShift
    assert SubstrateShift.experiment().name == "substrate_shift"


def test_a_run_emits_each_trial_the_figures_on_the_way_and_a_summary(record_run: Recorder) -> None:
    ctx = record_run(SMALL)
    *trials, (last_key, summary) = ctx.results
    assert {key for key, _ in trials} == {
        f"pair_{pair}/trial_{trial}" for pair in range(2) for trial in range(8)
    }
    assert len(trials) == 16
    assert last_key == "summary"
    for _, trial in trials:
        assert (trial["true_position"] is None) == trial["control"]
        assert (trial["found_position"] is None) == (not trial["detected"])
        assert trial["correct"] == (trial["detected"] != trial["control"])
        assert "log_probabilities" not in trial

    for pair, row in enumerate(summary["pairs"]):
        of_pair = [trial for _, trial in trials if trial["pair"] == pair]
        hits = sum(trial["detected"] for trial in of_pair if not trial["control"])
        alarms = sum(trial["detected"] for trial in of_pair if trial["control"])
        assert (row["switched_texts"], row["controls"]) == (4, 4)
        assert (row["detected"], row["false_alarms"]) == (hits, alarms)
        assert row["detection_rate_low"] <= hits / 4 <= row["detection_rate_high"]
        assert [
            step for name, _, step in ctx.metrics if name == f"pair_{pair}/detection_rate"
        ] == list(range(1, 5))
    assert [step for name, _, step in ctx.metrics if name == "roc_area"] == list(range(1, 9))
    last = {name: value for name, value, _ in ctx.metrics}
    assert last["detection_rate"] == pytest.approx(summary["overall"]["detection_rate"])
    assert ctx.progressed[-1] == (16, 16)
    assert any("unigram → trigram-witten-bell: detected" in message for _, message, _ in ctx.logs)
    json.dumps(ctx.results, allow_nan=False)


def test_a_switch_between_very_different_models_is_found_and_near_its_place(
    record_run: Recorder,
) -> None:
    ctx = record_run(SMALL | {"model_pairs": SMALL["model_pairs"][:1], "text_length_tokens": 300})
    (row,) = dict(ctx.results)["summary"]["pairs"]
    assert row["detected"] == 4
    assert row["median_localisation_error_tokens"] <= 15
    assert row["roc_area"] == 1


def test_the_same_seed_gives_the_same_everything_whatever_the_parallelism(
    record_run: Recorder,
) -> None:
    alone, together = record_run(SMALL), record_run(SMALL | {"parallelism": 2})
    assert alone.results == together.results
    assert alone.metrics == together.metrics


def test_the_seed_of_the_configuration_goes_before_that_of_the_run(record_run: Recorder) -> None:
    configuration = SMALL | {"runs_per_pair": 1}
    first = record_run(configuration, seed=1)
    assert record_run(configuration | {"seed": 1}, seed=2).results == first.results
    assert record_run(configuration, seed=2).results != first.results


def test_log_probabilities_are_kept_when_asked_for(record_run: Recorder) -> None:
    ctx = record_run(SMALL | {"runs_per_pair": 1, "keep_log_probabilities": True})
    assert len(ctx.results[0][1]["log_probabilities"]) == 120


def test_a_pair_of_the_same_model_twice_is_warned_of_and_has_few_detections(
    record_run: Recorder,
) -> None:
    placebo = {"model_a": "bigram-witten-bell", "model_b": "bigram-witten-bell"}
    ctx = record_run(SMALL | {"runs_per_pair": 40, "model_pairs": [placebo]})
    (warning,) = [message for level, message, _ in ctx.logs if level == "warn"]
    assert "bigram-witten-bell twice" in warning
    row = dict(ctx.results)["summary"]["overall"]
    assert row["detection_rate_low"] <= 0.05
    assert row["false_alarm_rate_low"] <= 0.05
    assert 0.3 <= row["roc_area"] <= 0.7


def test_more_workers_than_processors_are_warned_of(
    record_run: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("substrate_shift.experiment._processors", lambda: 1)
    ctx = record_run(SMALL | {"runs_per_pair": 1, "parallelism": 2})
    assert [message for level, message, _ in ctx.logs if level == "warn"] == [
        "2 worker processes share 1 processors: they will not be faster than one for each processor"
    ]


@pytest.mark.parametrize("parallelism", [1, 2])
def test_a_cancelled_run_ends_in_the_middle_and_leaves_no_worker(
    recording_context: Recorder, parallelism: int
) -> None:
    ctx = recording_context(
        Configuration.model_validate(
            SMALL | {"runs_per_pair": 100, "parallelism": parallelism, "permutations": 4999}
        ),
        cancel_when=lambda ctx: len(ctx.results) >= 3,
    )
    with pytest.raises(Cancelled):
        SubstrateShift().run(ctx)
    assert 3 <= len(ctx.results) <= 4
    assert "summary" not in dict(ctx.results)
    assert multiprocessing.active_children() == []
