"""The configuration: what is refused is refused at its field, and the form has what it needs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from substrate_shift.configuration import DEMO_CONFIGURATION, Configuration
from substrate_shift.models import MODEL_NAMES

PAIR = {"model_a": "unigram", "model_b": "trigram-kneser-ney"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"runs_per_pair": 0}, ("runs_per_pair",)),
        ({"runs_per_pair": 101}, ("runs_per_pair",)),
        ({"parallelism": 0}, ("parallelism",)),
        ({"parallelism": 11}, ("parallelism",)),
        ({"model_pairs": []}, ("model_pairs",)),
        ({"model_pairs": [PAIR, {"model_a": "unigram"}]}, ("model_pairs", 1, "model_b")),
        ({"model_pairs": [{"model_b": "unigram"}]}, ("model_pairs", 0, "model_a")),
        ({"model_pairs": [PAIR | {"model_b": "gpt-2"}]}, ("model_pairs", 0, "model_b")),
        ({"model_pairs": [PAIR | {"model_c": "unigram"}]}, ("model_pairs", 0, "model_c")),
        ({"text_length_tokens": 49}, ("text_length_tokens",)),
        ({"detector": "oracle"}, ("detector",)),
        ({"false_alarm_target": 0}, ("false_alarm_target",)),
        ({"permutations": 10}, ("permutations",)),
        ({"seed": -1}, ("seed",)),
        ({"runs": 3}, ("runs",)),
    ],
)
def test_a_bad_value_is_refused_at_its_field(given: dict[str, Any], field: tuple[Any, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        Configuration.model_validate(given)
    assert [error["loc"] for error in refused.value.errors()] == [field]


def test_the_smallest_false_alarm_target_can_be_met_with_the_fewest_permutations() -> None:
    fields = Configuration.model_json_schema()["properties"]
    assert 1 / (fields["permutations"]["minimum"] + 1) <= fields["false_alarm_target"]["minimum"]


def test_the_demo_configuration_is_valid_and_is_the_example_of_the_schema() -> None:
    schema = Configuration.model_json_schema()
    assert schema["examples"] == [DEMO_CONFIGURATION]
    demo = Configuration.model_validate(DEMO_CONFIGURATION)
    assert demo.model_dump(include=set(DEMO_CONFIGURATION)) == DEMO_CONFIGURATION


def test_every_field_has_a_title_and_a_description_and_nothing_but_the_models_is_required() -> None:
    schema = Configuration.model_json_schema()
    pair = schema["$defs"]["ModelPair"]
    for field in (*schema["properties"].values(), *pair["properties"].values()):
        assert field["title"]
        assert field["description"]
    assert "required" not in schema
    assert pair["required"] == ["model_a", "model_b"]
    assert pair["properties"]["model_a"]["enum"] == list(MODEL_NAMES)


def test_the_default_configuration_is_valid() -> None:
    Configuration.model_validate(Configuration().model_dump())
