"""Whatever an experiment emits becomes JSON in the call, and what was replaced is said."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy
import pytest
from pydantic import BaseModel

from athanor.domain.items import MAX_DEPTH, MAX_ITEM_BYTES, MAX_KEY_CHARS
from athanor.execution.encoding import encode_metadata, encode_text, encode_value, shown


class Model(BaseModel):
    number: float = 1.5


@dataclass
class Pair:
    left: object
    right: object


class Mute:
    def __repr__(self):
        raise RuntimeError("no repr")


class Leaver:
    def __repr__(self):
        raise SystemExit(3)


def encoded(value):
    notes: list[str] = []
    return encode_value(value, notes), notes


def nested(levels):
    value = None
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Model(), {"number": 1.5}),
        (Pair(1, [Model()]), {"left": 1, "right": [{"number": 1.5}]}),
        (numpy.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        (numpy.float32(0.5), 0.5),
        (numpy.bool_(True), True),
        ({1: "a", None: "b", True: "c"}, {"true": "c", "null": "b"}),
        (2**80, 2**80),
    ],
)
def test_values_that_the_contract_names_are_encoded_without_a_note(value, expected):
    data, notes = encoded(value)
    assert json.loads(data) == expected
    assert notes == []


def test_an_integer_beyond_pythons_limit_for_text_keeps_every_digit():
    data, notes = encoded({"big": 10**9999, "small": -(10**9999)})
    assert data == b'{"big":1' + b"0" * 9999 + b',"small":-1' + b"0" * 9999 + b"}"
    assert notes == []


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        {"a": [float("inf")]},
        numpy.array([1.0, numpy.nan]),
        Model(number=float("-inf")),
        numpy.float64("nan"),
    ],
)
def test_nan_and_infinities_become_null_with_a_note(value):
    data, notes = encoded(value)
    assert b"null" in data
    assert "NaN" in notes[0]


def test_none_is_null_without_a_note():
    assert encoded({"a": None, "b": [None]}) == (b'{"a":null,"b":[null]}', [])


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\0b\udfff"])
def test_nul_and_lone_surrogates_become_the_replacement_character(text):
    clean = json.loads(encode_text(text))
    assert "\ufffd" in clean
    assert "\0" not in clean
    assert json.loads(encoded({text: text})[0]) == {clean: clean}


def test_surrogates_that_are_a_pair_become_their_character():
    assert json.loads(encode_text("\ud83d\ude00")) == "\U0001f600"


def test_text_that_only_looks_like_an_escaped_nul_is_kept():
    assert json.loads(encode_text("\\u0000")) == "\\u0000"


@pytest.mark.parametrize("value", [Mute(), Leaver(), object(), print, {"deep": [Mute()]}])
def test_what_cannot_be_encoded_is_kept_as_text_with_a_note(value):
    data, notes = encoded(value)
    json.loads(data)
    assert "repr" in notes[0]
    assert shown(value)


def test_a_message_whose_str_fails_is_still_a_message():
    assert "Mute" in json.loads(encode_text(Mute()))


def test_nesting_up_to_the_limit_is_kept_and_beyond_it_is_cut():
    kept, notes = encoded(nested(MAX_DEPTH))
    assert kept.count(b"[") == MAX_DEPTH
    assert notes == []
    cut, notes = encoded(nested(MAX_DEPTH + 1))
    assert cut.startswith(b"[" * MAX_DEPTH + b'"')
    assert str(MAX_DEPTH) in notes[0]
    assert encoded(nested(100_000))[1]


def test_a_value_that_holds_itself_is_cut():
    value: dict[str, object] = {}
    value["self"] = value
    data, notes = encoded(value)
    assert isinstance(json.loads(data)["self"], str)
    assert "itself" in notes[0]


def test_a_long_key_is_cut_with_a_note():
    data, notes = encoded([{"k" * (MAX_KEY_CHARS + 1): "v" * (2 * MAX_KEY_CHARS)}])
    assert [*json.loads(data)[0]] == ["k" * MAX_KEY_CHARS]
    assert "key" in notes[0]


@pytest.mark.parametrize("value", ["x" * (MAX_ITEM_BYTES + 1), range(10**12)])
def test_what_is_larger_than_an_item_is_cut_to_text(value):
    data, notes = encoded(value)
    assert len(data) < MAX_ITEM_BYTES
    assert isinstance(json.loads(data), str)
    assert "64 MiB" in notes[0]


def test_metadata_stays_an_object_when_it_is_cut():
    notes: list[str] = []
    data = encode_metadata({"text": "x" * (MAX_ITEM_BYTES + 1)}, notes)
    assert isinstance(json.loads(data), dict)
    assert notes


def test_a_later_change_of_the_value_changes_nothing():
    value = {"a": [1]}
    data, _ = encoded(value)
    value["a"].append(2)
    assert data == b'{"a":[1]}'
