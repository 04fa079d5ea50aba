"""The detector: finds what was planted, and stays quiet otherwise as often as it promises."""

from __future__ import annotations

import math
import random

import pytest
from substrate_shift.detection import Detector, detect_change, scan
from substrate_shift.trial import TrialPlan, run_trial

DETECTORS: tuple[Detector, ...] = ("mean", "mean-and-variance")


def normal(
    source: random.Random, count: int, mean: float = 0.0, deviation: float = 1.0
) -> list[float]:
    return [source.gauss(mean, deviation) for _ in range(count)]


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_planted_change_of_the_mean_is_found_near_its_place(detector: Detector) -> None:
    source = random.Random(1)
    values = normal(source, 120) + normal(source, 80, mean=2.0)
    found = detect_change(
        values, source, detector=detector, permutations=199, false_alarm_target=0.01
    )
    assert found.detected
    assert abs(found.position - 120) <= 5
    assert found.p_value == pytest.approx(1 / 200)


def test_a_planted_change_of_the_variance_is_found_by_the_detector_that_looks_for_it() -> None:
    source = random.Random(2)
    values = normal(source, 120) + normal(source, 120, deviation=3.0)
    found = detect_change(
        values, source, detector="mean-and-variance", permutations=199, false_alarm_target=0.01
    )
    assert found.detected
    assert abs(found.position - 120) <= 10


@pytest.mark.parametrize("detector", DETECTORS)
def test_the_score_does_not_depend_on_the_unit_of_the_log_probabilities(detector: Detector) -> None:
    values = normal(random.Random(3), 100)
    position, score = scan(values, detector)
    in_bits = scan([value / math.log(2) - 5 for value in values], detector)
    assert in_bits[0] == position
    assert in_bits[1] == pytest.approx(score)


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("seed", range(20))
def test_the_scan_gives_the_best_of_all_cuts_and_its_likelihood_ratio(
    detector: Detector, seed: int
) -> None:
    values = normal(random.Random(seed), 60)

    def spread(part: list[float]) -> float:
        mean = math.fsum(part) / len(part)
        return math.fsum((value - mean) ** 2 for value in part)

    def cost(part: list[float]) -> float:
        if detector == "mean":
            return spread(part) / (spread(values) / len(values))
        return len(part) * math.log(spread(part) / len(part))

    costs = {cut: cost(values[:cut]) + cost(values[cut:]) for cut in range(12, 49)}
    best = min(costs, key=lambda cut: costs[cut])
    position, score = scan(values, detector)
    assert position == best
    assert score == pytest.approx(cost(values) - costs[best])


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_sequence_that_never_varies_has_no_change(detector: Detector) -> None:
    found = detect_change(
        [-1.5] * 80, random.Random(1), detector=detector, permutations=99, false_alarm_target=0.05
    )
    assert not found.detected
    assert found.score == 0


def test_one_value_is_no_sequence() -> None:
    with pytest.raises(ValueError, match="fewer than two"):
        scan([1.0], "mean")


def test_a_checkpoint_that_raises_gives_up() -> None:
    class GivenUp(Exception):
        pass

    def give_up() -> None:
        raise GivenUp

    with pytest.raises(GivenUp):
        detect_change(
            normal(random.Random(1), 60),
            random.Random(1),
            detector="mean",
            permutations=99,
            false_alarm_target=0.05,
            checkpoint=give_up,
        )


@pytest.mark.parametrize("detector", DETECTORS)
def test_texts_without_a_switch_raise_no_more_alarms_than_the_target_allows(
    detector: Detector,
) -> None:
    trials, target = 120, 0.1
    alarms = sum(
        run_trial(
            TrialPlan(
                pair=0,
                number=number,
                model_a="trigram-witten-bell",
                model_b="unigram",
                control=True,
                seed=20,
                length_tokens=200,
                detector=detector,
                permutations=99,
                false_alarm_target=target,
            )
        ).detected
        for number in range(trials)
    )
    expected, spread = trials * target, math.sqrt(trials * target * (1 - target))
    # Below as well: a detector that never says anything would be no better.
    assert expected - 3 * spread <= alarms <= expected + 3 * spread
