"""One trial: a text is written, with a switch of the model or without, and the detector is asked.

A trial depends on its plan alone, its random numbers included, so it comes out the same in
whatever process and order it runs. This module is what worker processes import: keep it light.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

from substrate_shift.corpus import load_corpus
from substrate_shift.detection import Detector, detect_change
from substrate_shift.generation import write_text
from substrate_shift.models import ModelName, load_model

__all__ = ["TrialOutcome", "TrialPlan", "run_trial"]

_EXCERPT_TOKENS = 18


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """All that a trial depends on. ``pair`` and ``number`` count from 0; a control has no switch."""

    pair: int
    number: int
    model_a: ModelName
    model_b: ModelName
    control: bool
    seed: int
    length_tokens: int
    detector: Detector
    permutations: int
    false_alarm_target: float


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """What came of a trial. Positions are of tokens, from 0; logarithms are natural.

    ``best_position`` is where a change is likeliest, whether the detector believes in one or not.
    """

    plan: TrialPlan
    detected: bool
    switched_at: int | None
    best_position: int
    score: float
    p_value: float
    mean_log_probability_before: float
    mean_log_probability_after: float | None
    excerpt: str
    log_probabilities: tuple[float, ...]

    @property
    def localisation_error_tokens(self) -> int | None:
        """Tokens between the switch and where it was found; None when there was or was found none."""
        if not self.detected or self.switched_at is None:
            return None
        return abs(self.best_position - self.switched_at)

    def to_result(self, *, with_log_probabilities: bool) -> dict[str, object]:
        """Give the trial as the value of a result: flat, with the same keys in every trial."""
        value: dict[str, object] = {
            "pair": self.plan.pair,
            "trial": self.plan.number,
            "model_a": self.plan.model_a,
            "model_b": self.plan.model_b,
            "control": self.plan.control,
            "detected": self.detected,
            "correct": self.detected != self.plan.control,
            "true_position": self.switched_at,
            "found_position": self.best_position if self.detected else None,
            "localisation_error_tokens": self.localisation_error_tokens,
            "score": round(self.score, 6),
            "p_value": round(self.p_value, 6),
            "mean_log_probability_before": round(self.mean_log_probability_before, 6),
            "mean_log_probability_after": (
                None
                if self.mean_log_probability_after is None
                else round(self.mean_log_probability_after, 6)
            ),
            "excerpt": self.excerpt,
        }
        if with_log_probabilities:
            value["log_probabilities"] = [round(value, 6) for value in self.log_probabilities]
        return value


def run_trial(plan: TrialPlan, checkpoint: Callable[[], None] = lambda: None) -> TrialOutcome:
    """Run a trial. ``checkpoint`` is called often, and may raise to give up.

    The switch is somewhere in the middle half of the text. A control is written by model A alone.
    """
    # Text as seed is hashed by ``random`` the same way everywhere; sums of numbers would collide.
    # Statistics, not secrets.
    source = random.Random(f"{plan.seed}/{plan.pair}/{plan.number}")  # noqa: S311
    quarter = plan.length_tokens // 4
    middle = source.randrange(quarter, plan.length_tokens - quarter)
    text = write_text(
        load_model(plan.model_a),
        load_model(plan.model_b),
        load_corpus(),
        source,
        length_tokens=plan.length_tokens,
        switch_at=None if plan.control else middle,
    )
    detection = detect_change(
        text.log_probabilities,
        source,
        detector=plan.detector,
        permutations=plan.permutations,
        false_alarm_target=plan.false_alarm_target,
        checkpoint=checkpoint,
    )
    end_of_a = plan.length_tokens if text.switched_at is None else text.switched_at
    after = text.log_probabilities[end_of_a:]
    return TrialOutcome(
        plan=plan,
        detected=detection.detected,
        switched_at=text.switched_at,
        best_position=detection.position,
        score=detection.score,
        p_value=detection.p_value,
        mean_log_probability_before=fmean(text.log_probabilities[:end_of_a]),
        mean_log_probability_after=fmean(after) if after else None,
        excerpt=text.excerpt(
            detection.position if text.switched_at is None else text.switched_at,
            before=_EXCERPT_TOKENS,
            after=_EXCERPT_TOKENS,
        ),
        log_probabilities=text.log_probabilities,
    )
