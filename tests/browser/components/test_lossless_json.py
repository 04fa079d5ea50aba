"""JSON in the browser that means to the server what it meant before."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

ROUND_TRIP = "text => harness.stringifyJson(harness.parseJson(text))"

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=5)
    ),
    max_leaves=25,
)


def same(left: object, right: object) -> bool:
    """Equal, and of equal types: 1 is not 1.0 here."""
    if isinstance(left, float) and isinstance(right, float):
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(value=json_values)
def test_what_python_wrote_comes_back_the_same_value_of_the_same_type(
    page: Page, value: object
) -> None:
    assert same(json.loads(page.evaluate(ROUND_TRIP, json.dumps(value))), value)


@pytest.mark.parametrize(
    "text",
    [
        "12345678901234567890123",
        "9007199254740993",
        "-9223372036854775808",
        "1.0",
        "-0.0",
        "1e400",
        "0.1234567890123456789012345",
        "100000000000000000000000",
        '{"__proto__":1}',
        '["\\u0000","\\ud83d\\ude00"]',
    ],
)
def test_the_digits_of_a_number_stay_as_they_were_written(page: Page, text: str) -> None:
    back = page.evaluate(ROUND_TRIP, text)
    assert json.loads(back, parse_float=str, parse_int=str) == json.loads(
        text, parse_float=str, parse_int=str
    )


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('{\n  "a": 1,\n  b: 2\n}', 3, 3),
        ("[1, 2", 1, 1),
        ('{"a": 01}', 1, 7),
        ('["x\ny"]', 1, 4),
        ("[1,]", 1, 4),
        ("", 1, 1),
        ("{} {}", 1, 4),
        ('"\\x"', 1, 1),
        ("[NaN]", 1, 2),
    ],
)
def test_an_error_says_its_line_and_column(page: Page, text: str, line: int, column: int) -> None:
    found = page.evaluate(
        """text => { try { harness.parseJson(text); return null }
                     catch (error) { return [error.name, error.line, error.column] } }""",
        text,
    )
    assert found == ["JsonSyntaxError", line, column]


def test_500_levels_are_read_and_written(page: Page) -> None:
    text = "[" * 500 + "1" + "]" * 500
    assert page.evaluate(ROUND_TRIP, text) == text
    named = page.evaluate(
        """text => { try { harness.parseJson(text) } catch (error) { return error.name } }""",
        "[" * 200_000,
    )
    assert named == "JsonSyntaxError"
