"""The figures of a run: rates with their intervals, ROC area, localisation error."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from statistics import median

from substrate_shift.trial import TrialOutcome

__all__ = ["Figures", "Rate", "RocArea", "wilson_interval"]

_Z_95 = 1.959963984540054


def wilson_interval(hits: int, trials: int) -> tuple[float, float]:
    """Give Wilson's 95 % interval of a rate; all of 0 to 1 when there was no trial."""
    if trials == 0:
        return 0.0, 1.0
    rate, z2 = hits / trials, _Z_95**2
    middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z_95 * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    # At the ends the interval touches 0 or 1 exactly; rounding must not push it beyond.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == trials else min(1.0, middle + half)
    return low, high


@dataclass(slots=True)
class Rate:
    """Hits among trials."""

    hits: int = 0
    trials: int = 0

    def add(self, *, hit: bool) -> None:
        """Count one trial."""
        self.trials += 1
        self.hits += hit

    @property
    def value(self) -> float | None:
        """The share of hits, None before the first trial."""
        return self.hits / self.trials if self.trials else None

    def __str__(self) -> str:
        low, high = wilson_interval(self.hits, self.trials)
        return f"{self.hits} of {self.trials} ({low:.2f} to {high:.2f})"


@dataclass(slots=True)
class RocArea:
    """The chance that a text with a switch scores higher than one without (Mann and Whitney)."""

    _switched: list[float] = field(default_factory=list)
    _controls: list[float] = field(default_factory=list)
    _half_wins: int = 0

    def add(self, score: float, *, control: bool) -> None:
        """Count one trial."""
        if control:
            others = self._switched
            beaten_by = 2 * len(others) - bisect_left(others, score) - bisect_right(others, score)
            self._half_wins += beaten_by
            insort(self._controls, score)
        else:
            others = self._controls
            self._half_wins += bisect_left(others, score) + bisect_right(others, score)
            insort(self._switched, score)

    @property
    def value(self) -> float | None:
        """The area, None before there is a trial of each kind."""
        pairs = len(self._switched) * len(self._controls)
        return self._half_wins / (2 * pairs) if pairs else None


@dataclass(slots=True)
class Figures:
    """The figures of a number of trials."""

    detections: Rate = field(default_factory=Rate)
    false_alarms: Rate = field(default_factory=Rate)
    roc_area: RocArea = field(default_factory=RocArea)
    _errors_tokens: list[int] = field(default_factory=list)

    def add(self, outcome: TrialOutcome) -> None:
        """Take in a trial."""
        control = outcome.plan.control
        (self.false_alarms if control else self.detections).add(hit=outcome.detected)
        self.roc_area.add(outcome.score, control=control)
        if (error := outcome.localisation_error_tokens) is not None:
            insort(self._errors_tokens, error)

    def metrics(self) -> dict[str, float]:
        """Give the figures that are known so far, by the names of their metrics."""
        known = {
            "detection_rate": self.detections.value,
            "false_alarm_rate": self.false_alarms.value,
            "roc_area": self.roc_area.value,
            "localisation_error_tokens": self.localisation_error_tokens,
        }
        return {name: value for name, value in known.items() if value is not None}

    @property
    def localisation_error_tokens(self) -> float | None:
        """The median error of the detected switches, None before the first."""
        return median(self._errors_tokens) if self._errors_tokens else None

    def to_row(self) -> dict[str, object]:
        """Give the figures as a row of the summary; rates with the ends of their 95 % intervals."""
        detected, alarms = self.detections, self.false_alarms
        detection_low, detection_high = wilson_interval(detected.hits, detected.trials)
        alarm_low, alarm_high = wilson_interval(alarms.hits, alarms.trials)
        return {
            "switched_texts": detected.trials,
            "detected": detected.hits,
            "detection_rate": _rounded(detected.value),
            "detection_rate_low": _rounded(detection_low),
            "detection_rate_high": _rounded(detection_high),
            "controls": alarms.trials,
            "false_alarms": alarms.hits,
            "false_alarm_rate": _rounded(alarms.value),
            "false_alarm_rate_low": _rounded(alarm_low),
            "false_alarm_rate_high": _rounded(alarm_high),
            "roc_area": _rounded(self.roc_area.value),
            "median_localisation_error_tokens": self.localisation_error_tokens,
        }

    def __str__(self) -> str:
        area, error = self.roc_area.value, self.localisation_error_tokens
        parts = [f"detected {self.detections}", f"false alarms {self.false_alarms}"]
        if area is not None:
            parts.append(f"ROC area {area:.2f}")
        if error is not None:
            parts.append(f"median error {error:g} tokens")
        return ", ".join(parts)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
