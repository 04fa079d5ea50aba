"""Errors of the server, as pydantic words and places them, are shown at the fields they are about."""

import json
from typing import Annotated, Any, Literal

from playwright.sync_api import Locator, Page, expect
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: float = Field(gt=0)


class Square(BaseModel):
    kind: Literal["square"]
    side: int


class Left(BaseModel):
    left: int
    shared: int


class Right(BaseModel):
    right: int
    shared: int


def even(numbers: list[int]) -> list[int]:
    if any(number % 2 for number in numbers):
        raise ValueError("all must be even")
    return numbers


class Pair(BaseModel):
    model_a: str = Field(title="Model A")
    model_b: str = Field(title="Model B")

    @model_validator(mode="after")
    def differ(self) -> "Pair":
        if self.model_a == self.model_b:
            raise ValueError("the two models must differ")
        return self


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid")

    iterations: int = Field(le=100)
    shape: Annotated[Circle | Square, Field(discriminator="kind")]
    either: Left | Right
    word: int | str | None = None
    numbers: int | Annotated[list[int], AfterValidator(even)] = 1
    pairs: list[Pair] = []
    table: dict[int, float] = {}
    fixed: tuple[int, int] = (0, 0)

    @model_validator(mode="after")
    def whole(self) -> "Config":
        raise ValueError("the whole does not fit")


GOOD: dict[str, Any] = {
    "iterations": 1,
    "shape": {"kind": "circle", "radius": 1},
    "either": {"left": 1, "shared": 1},
}


def errors_of(value: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        Config.model_validate(value)
    except ValidationError as invalid:
        return [
            {"loc": list(error["loc"]), "message": error["msg"], "type": error["type"]}
            for error in invalid.errors()
        ]
    raise AssertionError("the value is valid")


def mount(page: Page, **changes: Any) -> None:
    value = {**GOOD, **changes}
    page.evaluate(
        "async ([schema, value, errors]) => { await harness.form(schema, value, {errors}) }",
        [json.dumps(Config.model_json_schema()), json.dumps(value), errors_of(value)],
    )


def said_of(control: Locator) -> str:
    """What the control's `aria-describedby` leads to; it must be marked as invalid."""
    expect(control).to_have_attribute("aria-invalid", "true")
    described = control.evaluate(
        "e => e.getAttribute('aria-describedby').split(' ').map(id => document.getElementById(id).innerText).join(' ')"
    )
    return str(described)


def test_an_error_is_tied_to_its_control(page: Page) -> None:
    mount(page, iterations=500)
    assert "less than or equal to 100" in said_of(page.get_by_label("Iterations", exact=True))
    assert page.locator("[aria-invalid=true]").count() == 1


def test_the_tag_of_a_variant_is_no_part_of_the_way(page: Page) -> None:
    mount(page, shape={"kind": "circle", "radius": -1})
    assert "greater than 0" in said_of(page.get_by_role("spinbutton", name="Radius"))


def test_of_a_union_of_models_only_the_chosen_one_is_reported(page: Page) -> None:
    mount(page, either={"right": "x", "shared": 1})
    said = said_of(page.get_by_role("spinbutton", name="Right"))
    assert "valid integer" in said
    assert page.get_by_role("button", name="1 problem").is_visible()


def test_where_no_variant_fits_all_are_told(page: Page) -> None:
    mount(page, word={"x": 1})
    said = said_of(page.get_by_role("combobox", name="Word: kind"))
    assert "as integer" in said or "valid integer" in said
    assert "valid string" in said


def test_names_of_validators_do_not_hide_the_place(page: Page) -> None:
    mount(page, numbers=[1])
    expect(page.get_by_role("group", name="Numbers", exact=True).first).to_contain_text(
        "all must be even"
    )
    mount(page, numbers=["x"])
    assert "valid integer" in said_of(page.get_by_role("spinbutton", name="Numbers 1"))


def test_a_folded_group_with_an_error_opens_and_counts_it(page: Page) -> None:
    good = {"model_a": "x", "model_b": "y"}
    mount(page, pairs=[good, {"model_a": "x"}, good])
    expect(page.get_by_role("button", name="Pairs 2, 1 problem")).to_have_attribute(
        "aria-expanded", "true"
    )
    expect(page.get_by_role("button", name="Pairs 1", exact=True)).to_have_attribute(
        "aria-expanded", "false"
    )
    assert "Field required" in said_of(page.get_by_role("textbox", name="Model B"))


def test_an_error_of_a_group_stands_at_the_group(page: Page) -> None:
    mount(page, pairs=[{"model_a": "x", "model_b": "x"}])
    body = page.locator(".form-item-body")
    expect(body).to_contain_text("the two models must differ")


def test_errors_of_keys_and_places_are_found(page: Page) -> None:
    mount(page, table={"a": 1.5}, fixed=[1])
    expect(page.locator(".form-map")).to_contain_text("key: Input should be a valid integer")
    assert "Field required" in said_of(page.get_by_role("spinbutton", name="Fixed 2"))


def test_what_belongs_to_no_field_stands_above_and_what_is_not_allowed_at_its_key(
    page: Page,
) -> None:
    mount(page)
    expect(page.get_by_role("alert")).to_contain_text("the whole does not fit")
    mount(page, stranger=3)
    assert "not permitted" in said_of(page.get_by_role("textbox", name="stranger, as JSON"))


def test_the_list_of_problems_leads_to_fields_also_in_folded_groups(page: Page) -> None:
    value = {
        **GOOD,
        "iterations": 101,
        "pairs": [{"model_a": "x"}, {"model_a": "x", "model_b": "y"}],
    }
    mount(page, **value)
    page.get_by_role("button", name="Pairs 1, 1 problem").click()
    expect(page.get_by_role("textbox", name="Model B")).to_be_hidden()
    page.get_by_role("radio", name="JSON").check()
    page.get_by_role("button", name="2 problems").click()
    page.get_by_role("button", name="Pairs 1 › Model B").click()
    expect(page.get_by_role("textbox", name="Model B")).to_be_focused()
    page.get_by_role("button", name="Pairs 1, 1 problem").click()
    expect(page.get_by_role("textbox", name="Model B")).to_be_hidden()


def test_errors_go_when_the_server_says_so(page: Page) -> None:
    mount(page, iterations=500)
    page.evaluate("async () => { await harness.errors([]) }")
    assert page.locator("[aria-invalid=true], .form-error").count() == 0


def test_a_place_that_the_page_does_not_know_is_told_above(page: Page) -> None:
    mount(page)
    page.evaluate(
        """async () => { await harness.errors([
             {loc: ['nowhere', 3], message: 'Odd', type: 'odd'},
             {loc: ['shape', 'hexagon'], message: 'Odder', type: 'odd'}]) }"""
    )
    expect(page.get_by_role("alert")).to_contain_text("Odd")
    expect(page.locator("#stage")).to_contain_text("Odder")
