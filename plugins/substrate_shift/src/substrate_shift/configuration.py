"""The configuration of the experiment, as the form shows it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from substrate_shift.detection import Detector
from substrate_shift.models import ModelName

__all__ = ["DEMO_CONFIGURATION", "Configuration", "ModelPair"]

_PAIRS: list[dict[str, ModelName]] = [
    # From a difference that anyone would see to one that hardly anyone could.
    {"model_a": "unigram", "model_b": "trigram-kneser-ney"},
    {"model_a": "bigram-witten-bell", "model_b": "trigram-witten-bell"},
    {"model_a": "trigram-kneser-ney", "model_b": "trigram-witten-bell"},
    {"model_a": "trigram-witten-bell", "model_b": "trigram-jelinek-mercer"},
]

DEMO_CONFIGURATION: dict[str, Any] = {
    "runs_per_pair": 40,
    "parallelism": 2,
    "model_pairs": _PAIRS,
    "text_length_tokens": 400,
    "detector": "mean",
    "false_alarm_target": 0.05,
    "permutations": 1199,
}
"""What ``athanor demo`` runs: about 30 seconds of CPU, so some 16 on two cores."""


class ModelPair(BaseModel):
    """Two models: the text begins with A and goes on with B."""

    model_config = ConfigDict(extra="forbid", title="Model pair")

    model_a: ModelName = Field(
        title="Model A", description="Writes the text up to the switch, and all of a control"
    )
    model_b: ModelName = Field(title="Model B", description="Writes the text from the switch on")


class Configuration(BaseModel):
    """How many texts, by which models, and how the detector judges them."""

    model_config = ConfigDict(
        extra="forbid",
        title="Substrate shift",
        json_schema_extra={"examples": [DEMO_CONFIGURATION]},
    )

    runs_per_pair: int = Field(
        default=20,
        ge=1,
        le=100,
        title="Runs per pair",
        description="Each run is two texts: one whose model is switched, and a control without a switch",
    )
    parallelism: int = Field(
        default=2,
        ge=1,
        le=10,
        title="Parallelism",
        description=(
            "Worker processes, each busy on a processor of its own; more than the machine has "
            "processors gains nothing. 1 works without a further process. The figures stay the same"
        ),
    )
    model_pairs: list[ModelPair] = Field(
        default=[ModelPair.model_validate(pair) for pair in _PAIRS],
        min_length=1,
        max_length=50,
        title="Model pairs",
        description="Each pair has its own detection rate; the same model twice is a placebo",
    )
    text_length_tokens: int = Field(
        default=400,
        ge=50,
        le=5000,
        title="Text length",
        description="Words and punctuation marks per text; longer texts make small shifts visible",
    )
    detector: Detector = Field(
        default="mean",
        title="Detector",
        description="What must change at the switch: the mean of the log-probabilities, or mean and variance together",
    )
    false_alarm_target: float = Field(
        default=0.05,
        ge=0.01,
        le=0.5,
        title="False-alarm target",
        description="The share of texts without a switch that may be reported as changed, approximately",
    )
    permutations: int = Field(
        default=199,
        ge=99,
        le=4999,
        title="Permutations",
        description=(
            "Shuffled copies that each text is compared with to set its threshold; "
            "nearly all of the work is here"
        ),
    )
    seed: int | None = Field(
        default=None,
        ge=0,
        le=2**63 - 1,
        title="Seed",
        description="The same seed gives the same figures; without one the run's own seed is used",
    )
    keep_log_probabilities: bool = Field(
        default=False,
        title="Keep log-probabilities",
        description="Put the log-probability of every token into the results",
    )
