"""What the controls of a form do when they are used, by hand and by keyboard."""

import datetime as dt
import json
from typing import Annotated, Any, Literal

import pytest
from playwright.sync_api import Page, expect
from pydantic import BaseModel, Field

MOUNT = "async ([schema, value]) => { await harness.form(schema, value) }"


class Adam(BaseModel):
    kind: Literal["adam"] = "adam"
    rate: float = 0.001


class Sgd(BaseModel):
    kind: Literal["sgd"] = "sgd"
    momentum: float


class Pair(BaseModel):
    model_a: str = Field(title="Model A")
    model_b: str = Field(title="Model B")


class Config(BaseModel):
    iterations: int = Field(10, ge=1, le=100)
    rate: float = Field(0.1, gt=0, le=1)
    grid: float = Field(0.5, ge=0, le=2, multiple_of=0.25)
    large: int = 2**60 + 1
    dry: bool = False
    mode: Literal["fast", "exact"] = "fast"
    note: str | None = None
    limit: int | None = 7
    moment: dt.datetime | None = None
    secret: Annotated[str, Field(json_schema_extra={"format": "password", "writeOnly": True})] = ""
    optimiser: Annotated[Adam | Sgd, Field(discriminator="kind")] = Adam()
    either: int | str = 3
    pairs: list[Pair] = []
    tags: list[str] = ["a", "b", "c"]
    limits: dict[str, int] = {}


def mount(page: Page, value: dict[str, Any] | None = None) -> None:
    text = None if value is None else json.dumps(value)
    page.evaluate(MOUNT, [json.dumps(Config.model_json_schema()), text])


def value_of(page: Page) -> dict[str, Any]:
    page.evaluate("() => harness.settled()")
    found: dict[str, Any] = json.loads(page.evaluate("harness.value()"))
    return found


def number(page: Page, name: str) -> Any:
    return page.get_by_role("spinbutton", name=name, exact=True)


def test_the_arrow_keys_step_a_number_within_its_bounds_and_on_its_grid(page: Page) -> None:
    mount(page)
    number(page, "Iterations").fill("99")
    number(page, "Iterations").press("ArrowUp")
    number(page, "Iterations").press("ArrowUp")
    assert value_of(page)["iterations"] == 100
    number(page, "Iterations").press("Shift+ArrowDown")
    assert value_of(page)["iterations"] == 90
    number(page, "Grid").press("ArrowUp")
    assert value_of(page)["grid"] == 0.75
    number(page, "Grid").fill("0.8")
    number(page, "Grid").press("ArrowDown")
    assert value_of(page)["grid"] == 0.75
    number(page, "Large").press("ArrowUp")
    assert value_of(page)["large"] == 2**60 + 2
    page.get_by_role("button", name="Decrease Large").click()
    page.get_by_role("button", name="Decrease Large").click()
    assert value_of(page)["large"] == 2**60


@pytest.mark.parametrize(
    ("text", "steps", "bounds", "integer", "result"),
    [
        ("", 1, {"minimum": 5}, True, "5"),
        ("0.1", 1, {}, False, "0.2"),
        ("0.19", 1, {}, False, "0.2"),
        ("0.001", -1, {"exclusiveMinimum": 0}, False, "0.001"),
        ("1", 1, {"exclusiveMaximum": 2}, True, "1"),
        ("7", 1, {"multipleOf": 5}, True, "10"),
        ("7", -1, {"multipleOf": 5}, True, "5"),
        ("500", 1, {"maximum": 100}, True, "100"),
        ("12345678901234567890", 1, {}, True, "12345678901234567891"),
        ("-1", 1, {}, True, "0"),
        ("abc", 1, {"minimum": 2}, True, "2"),
        ("1e3", 1, {}, False, "1001"),
    ],
)
def test_a_step_keeps_every_digit(
    page: Page, text: str, steps: int, bounds: dict[str, Any], integer: bool, result: str
) -> None:
    stepped = page.evaluate(
        "([a, b, c, d]) => harness.stepped(a, b, c, d)", [text, steps, bounds, integer]
    )
    assert stepped == result


def test_text_that_is_no_number_goes_to_the_server_as_it_is(page: Page) -> None:
    mount(page)
    number(page, "Iterations").fill("12a")
    assert value_of(page)["iterations"] == "12a"
    number(page, "Iterations").fill("")
    assert "iterations" not in value_of(page)
    assert number(page, "Iterations").get_attribute("placeholder") == "10"
    number(page, "Iterations").fill("1_000")
    assert value_of(page)["iterations"] == 1000
    assert number(page, "Iterations").input_value() == "1_000"


def test_none_is_a_state_of_its_own_and_gives_back_what_was_there(page: Page) -> None:
    mount(page)
    none = page.get_by_role("checkbox", name="none: Limit")
    expect(none).not_to_be_checked()
    none.check()
    assert value_of(page)["limit"] is None
    expect(number(page, "Limit")).to_have_count(0)
    none.uncheck()
    assert value_of(page)["limit"] == 7
    number(page, "Limit").fill("")
    assert "limit" not in value_of(page)
    expect(number(page, "Limit")).to_be_focused()
    page.get_by_role("checkbox", name="none: Note").uncheck()
    assert value_of(page)["note"] == ""


def test_a_changed_value_can_be_reset_to_its_default(page: Page) -> None:
    mount(page)
    reset = page.get_by_role("button", name="Reset Iterations to 10")
    expect(reset).to_have_count(0)
    number(page, "Iterations").fill("11")
    expect(reset).to_be_visible()
    reset.click()
    assert value_of(page)["iterations"] == 10
    assert number(page, "Iterations").input_value() == "10"
    expect(reset).to_have_count(0)


def test_the_kinds_of_a_union_each_remember_what_they_held(page: Page) -> None:
    mount(page)
    kind = page.get_by_role("combobox", name="Optimiser: kind")
    number(page, "Rate").nth(1).fill("0.5")
    kind.select_option("sgd")
    assert value_of(page)["optimiser"] == {"kind": "sgd"}
    number(page, "Momentum").fill("0.9")
    kind.select_option("adam")
    assert value_of(page)["optimiser"] == {"kind": "adam", "rate": 0.5}
    kind.select_option("sgd")
    assert value_of(page)["optimiser"] == {"kind": "sgd", "momentum": 0.9}


def test_a_number_being_typed_does_not_turn_into_a_text(page: Page) -> None:
    mount(page)
    number(page, "Either").fill("12a")
    assert value_of(page)["either"] == "12a"
    expect(number(page, "Either")).to_be_focused()
    assert (
        page.get_by_role("combobox", name="Either: kind").evaluate("e => e.selectedOptions[0].text")
        == "integer"
    )


def test_groups_are_added_filled_moved_and_removed_by_keyboard(page: Page) -> None:
    mount(page)
    page.get_by_role("button", name="+ Add to Pairs").focus()
    for names in [("a", "b"), ("c", "d")]:
        page.keyboard.press("Enter")
        page.evaluate("() => harness.settled()")
        page.keyboard.type(names[0])
        page.get_by_role("textbox", name="Model B").last.focus()
        page.keyboard.type(names[1])
        page.get_by_role("button", name="+ Add to Pairs").focus()
    first, second = {"model_a": "a", "model_b": "b"}, {"model_a": "c", "model_b": "d"}
    assert value_of(page)["pairs"] == [first, second]

    page.get_by_role("button", name="Move Pairs 2 up").focus()
    page.keyboard.press("Enter")
    assert value_of(page)["pairs"] == [second, first]
    expect(page.get_by_role("button", name="Move Pairs 1 down")).to_be_focused()
    assert page.get_by_role("textbox", name="Model A").first.input_value() == "c"

    fold = page.get_by_role("button", name="Pairs 1", exact=True)
    fold.press("Enter")
    expect(page.get_by_text("Model A: c · Model B: d")).to_be_visible()
    page.get_by_role("button", name="Remove Pairs 1").press("Enter")
    assert value_of(page)["pairs"] == [first]
    expect(page.get_by_role("button", name="Remove Pairs 1")).to_be_focused()


def test_an_item_is_dragged_to_another_place(page: Page) -> None:
    mount(page)
    tags = page.get_by_role("group", name="Tags", exact=True).last
    grips = tags.locator(".form-grip")
    start, end = grips.nth(0).bounding_box(), grips.nth(2).bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 5, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(end["x"] + 5, end["y"] + 20, steps=5)
    page.mouse.up()
    assert value_of(page)["tags"] == ["b", "c", "a"]
    assert tags.get_by_role("textbox").nth(2).input_value() == "a"
    page.mouse.move(end["x"] + 5, end["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 5, start["y"] - 20, steps=5)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert value_of(page)["tags"] == ["b", "c", "a"]


def test_a_key_that_is_taken_stays_in_its_row_and_harms_no_other(page: Page) -> None:
    mount(page, {"limits": {"cpu": 1, "memory": 2}})
    keys = page.get_by_role("textbox", name="Limits: key")
    keys.nth(1).fill("cpu")
    assert value_of(page)["limits"] == {"cpu": 1, "memory": 2}
    expect(page.get_by_text("there is a key “cpu” already")).to_be_visible()
    assert page.evaluate("harness.unparsed()") == 1
    keys.nth(1).fill("cpus")
    assert value_of(page)["limits"] == {"cpu": 1, "cpus": 2}
    assert page.evaluate("harness.unparsed()") == 0

    page.get_by_role("button", name="+ Add to Limits").click()
    expect(keys.nth(2)).to_be_focused()
    number(page, "Limits: new entry").fill("9")
    assert value_of(page)["limits"] == {"cpu": 1, "cpus": 2}
    keys.nth(2).fill("disk")
    assert value_of(page)["limits"] == {"cpu": 1, "cpus": 2, "disk": 9}
    page.get_by_role("button", name="Remove Limits cpu", exact=True).click()
    assert value_of(page)["limits"] == {"cpus": 2, "disk": 9}


def test_a_secret_is_masked_until_it_is_asked_for(page: Page) -> None:
    mount(page)
    secret = page.get_by_label("Secret", exact=True)
    secret.fill("hunter2")
    assert secret.get_attribute("type") == "password"
    page.get_by_role("button", name="Show Secret").click()
    assert secret.get_attribute("type") == "text"


def test_a_date_and_time_is_written_with_its_offset(page: Page) -> None:
    mount(page)
    page.get_by_role("checkbox", name="none: Moment").uncheck()
    page.get_by_label("Moment", exact=True).fill("2026-02-03T04:05:06")
    assert value_of(page)["moment"] == "2026-02-03T04:05:06Z"
    page.get_by_label("Moment: offset from UTC").fill("+02:00")
    assert value_of(page)["moment"] == "2026-02-03T04:05:06+02:00"


def test_pasted_lines_keep_their_breaks(page: Page) -> None:
    mount(page, {"note": "x"})
    note = page.get_by_label("Note", exact=True)
    note.focus()
    page.evaluate("() => navigator.clipboard.writeText('one\\r\\ntwo')")
    page.keyboard.press("End")
    page.keyboard.press("Control+v")
    assert value_of(page)["note"] == "xone\ntwo"
    expect(page.get_by_label("Note", exact=True)).to_be_focused()
    page.keyboard.type("!")
    assert value_of(page)["note"] == "xone\ntwo!"


def test_form_and_json_are_two_views_of_one_value(page: Page) -> None:
    mount(page)
    number(page, "Iterations").fill("42")
    page.get_by_role("radio", name="JSON").check()
    text = page.get_by_role("textbox", name="Configuration as JSON")
    whole = json.loads(text.input_value())
    assert whole["iterations"] == 42
    assert whole["large"] == 2**60 + 1
    whole["large"] = 2**70 + 1
    whole["unknown"] = {"kept": 1}
    text.fill(json.dumps(whole, indent=1))
    page.get_by_role("radio", name="Form").check()
    assert number(page, "Large").input_value() == str(2**70 + 1)
    assert value_of(page)["unknown"] == {"kept": 1}
    expect(page.get_by_text("Not in the schema, and kept")).to_be_visible()


def test_json_that_does_not_parse_says_where_and_outlives_a_look_at_the_form(page: Page) -> None:
    mount(page)
    page.get_by_role("radio", name="JSON").check()
    text = page.get_by_role("textbox", name="Configuration as JSON")
    text.fill('{\n  "iterations": 5,\n  "dry" true\n}')
    expect(page.get_by_text("Line 3, column 9: a colon was expected after the key")).to_be_visible()
    expect(text).to_have_attribute("aria-invalid", "true")
    assert value_of(page)["iterations"] == 10
    assert page.evaluate("harness.unparsed()") == 1
    page.get_by_role("radio", name="Form").check()
    expect(page.get_by_text("The JSON text has an error")).to_be_visible()
    page.get_by_role("button", name="Back to it").click()
    assert text.input_value().startswith('{\n  "iterations": 5')
    text.fill('{"iterations": 5}')
    assert value_of(page) == {"iterations": 5}
    assert page.evaluate("harness.unparsed()") == 0


def test_a_disabled_form_cannot_be_changed(page: Page) -> None:
    page.evaluate(
        "async ([schema]) => { await harness.form(schema, null, {disabled: true}) }",
        [json.dumps(Config.model_json_schema())],
    )
    enabled = page.locator("#stage .form-fields :is(input, textarea, select, button):enabled")
    # To look at a secret changes nothing.
    assert [element.inner_text() for element in enabled.all()] == ["show"]
