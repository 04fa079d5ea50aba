"""What a form shows is what it was given: a value that is typed again, control by control, is the same value."""

import datetime as dt
import enum
import json
import string
import uuid
from decimal import Decimal
from types import GenericAlias
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, create_model

MOUNT = "async ([schema, value]) => { await harness.form(schema, value) }"
RETYPE = "async () => { const count = await harness.retypeAll(); return [count, harness.value()] }"


class Colour(enum.Enum):
    RED = "red"
    GREEN = 2


class Circle(BaseModel):
    kind: Literal["circle"] = "circle"
    radius: float = Field(1.0, gt=0)


class Polygon(BaseModel):
    kind: Literal["square", "hexagon"]
    side: int


class Place(NamedTuple):
    x: int
    name: str = "here"


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []


class Inner(BaseModel):
    a: int = 1
    b: str | None = None
    far: dict[str, list[float]] = {}


class Everything(BaseModel):
    model_config = ConfigDict(extra="allow")

    number: int = Field(default=5, ge=1, le=10)
    large: int = 2**63 + 1
    real: float = 1.0
    tiny: float = 1e-300
    price: Decimal = Decimal("1.10")
    flag: bool
    word: str = Field(default="x", pattern="^[a-z]+$")
    lines: str = "first\nsecond\n"
    control: str = "a\rb\x00c\u2028"
    secret: Annotated[str, Field(json_schema_extra={"format": "password", "writeOnly": True})]
    mode: Literal["fast", "exact"] = "fast"
    mixed: Literal[1, "one", None, True] = "one"  # noqa: PYI061 -- null among the options is the case
    colour: Colour = Colour.RED
    moment: dt.datetime
    naive: dt.datetime = dt.datetime(2026, 1, 2, 3, 4, 5, 678901)  # noqa: DTZ001 -- naive is the case
    day: dt.date
    hour: dt.time = dt.time(3, 4)
    span: dt.timedelta = dt.timedelta(days=1, seconds=3)
    identity: uuid.UUID
    address: AnyUrl
    raw: bytes = b"abc"
    maybe: int | None = None
    perhaps: float | None = 2.0
    either: int | float | str = 3
    whole: int | float | str = 3.0
    text: int | float | str = "3"
    shape: Annotated[Circle | Polygon, Field(discriminator="kind")]
    other: Annotated[Circle | Polygon, Field(discriminator="kind")] | None = None
    several: list[Annotated[Circle | Polygon, Field(discriminator="kind")]] = []
    loose: Inner | list[int] | str = "a"
    inner: Inner
    lists: list[list[int]] = [[1, 2], []]
    holes: list[int | str | None] = [1, None, "x"]
    things: set[int] = {3, 4}
    named: dict[str, Inner] = {}
    numbered: dict[int, float] = {1: 2.0}
    pair: tuple[int, str] = (1, "a")
    place: Place = Place(1)
    anything: Any = None
    tree: Tree


EVERYTHING = Everything(
    flag=True,
    secret="hunter 2",
    moment=dt.datetime(2026, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
    day=dt.date(1, 1, 1),
    identity=uuid.UUID(int=7),
    address=AnyUrl("https://example.org/a?b=c"),
    shape=Polygon(kind="hexagon", side=3),
    other=Circle(radius=2.5),
    several=[Circle(radius=0.1), Polygon(kind="square", side=10**30)],
    loose=Inner(a=2, b="b", far={"k": [0.1, 1e21], "": []}),
    inner=Inner(b=""),
    named={"__proto__": Inner(), "a b": Inner(a=-1, b="\U0001f600\ttab")},
    anything={"deep": [1.0, 10**20, {"x": None}]},
    tree=Tree(name="root", children=[Tree(name="leaf"), Tree(name="", children=[Tree(name="x")])]),
).model_copy(update={"unknown": {"kept": [1.0]}})


def round_trip(page: Page, model: type[BaseModel], text: str) -> str:
    schema = json.dumps(model.model_json_schema())
    page.evaluate(MOUNT, [schema, text])
    count, back = page.evaluate(RETYPE)
    fields = page.locator("#stage .form-row, #stage .form-item").count()
    assert count >= fields * 0.4, "hardly any control was typed into"
    return str(back)


def test_every_kind_of_value_is_itself_after_all_of_it_was_typed_again(page: Page) -> None:
    text = EVERYTHING.model_dump_json()
    back = round_trip(page, Everything, text)
    assert json.loads(back) == json.loads(text)
    assert Everything.model_validate_json(back) == EVERYTHING
    assert json.loads(back, parse_int=str, parse_float=str)["anything"] == {
        "deep": ["1.0", "100000000000000000000", {"x": None}]
    }


def test_a_value_that_nobody_touches_is_not_changed(page: Page) -> None:
    text = EVERYTHING.model_dump_json()
    page.evaluate(MOUNT, [json.dumps(Everything.model_json_schema()), text])
    page.evaluate("async () => { await harness.openFolds() }")
    assert json.loads(page.evaluate("harness.value()")) == json.loads(text)
    assert page.evaluate("harness.changes()") == 0


def test_values_of_the_wrong_kind_are_shown_and_kept(page: Page) -> None:
    class Plain(BaseModel):
        number: int
        word: str
        flag: bool
        several: list[int]
        group: Inner
        table: dict[str, int]
        pair: tuple[int, int]
        mode: Literal["a", "b"]
        day: dt.date
        either: int | list[int]

    wrong = {
        "number": [1],
        "word": 5,
        "flag": "yes",
        "several": {"a": 1},
        "group": [1.0],
        "table": "x",
        "pair": {"x": 1},
        "mode": "c",
        "day": "2026-02-30",
        "either": {"z": 2},
    }
    text = json.dumps(wrong)
    assert json.loads(round_trip(page, Plain, text)) == wrong
    shown = page.locator("#stage").evaluate(
        "stage => [...stage.querySelectorAll('input, textarea, select, .form-boolean-text')]"
        ".map(e => (e.value ?? e.textContent) + (e.selectedOptions?.[0]?.textContent ?? '')).join(' | ')"
    )
    for part in ["1.0", '"x"', '"yes"', '"c"', "2026-02-30", '"z": 2']:
        assert part in shown


def test_members_that_are_away_stay_away_until_they_are_typed(page: Page) -> None:
    class Model(BaseModel):
        a: int
        b: int = 3
        c: str | None = None
        d: list[int] = Field(default_factory=list)
        e: bool

    page.evaluate(MOUNT, [json.dumps(Model.model_json_schema()), "{}"])
    assert page.evaluate("harness.value()") == "{}"
    page.get_by_role("spinbutton", name="A", exact=True).fill("7")
    assert page.evaluate("harness.value()") == '{"a":7}'


def test_defaults_are_written_out_and_nothing_is_invented(page: Page) -> None:
    defaults = page.evaluate(
        "schema => harness.stringifyJson(harness.defaultsFor(harness.parseJson(schema)))",
        json.dumps(Everything.model_json_schema()),
    )
    found = json.loads(defaults, parse_int=str, parse_float=str)
    assert found["large"] == "9223372036854775809"
    assert found["real"] == "1.0"
    assert found["inner"] == {"a": "1", "b": None, "far": {}}
    assert found["tree"] == {"children": []}
    required = {"flag", "secret", "moment", "day", "identity", "address", "shape"}
    assert required.isdisjoint(found)
    assert found.keys() | required == set(Everything.model_fields)


# Random models: a type, and the values it may have.

names = st.text(string.ascii_lowercase, min_size=1, max_size=6).map(lambda name: f"f_{name}")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
floats = st.floats(allow_nan=False, allow_infinity=False)

Typed = tuple[Any, st.SearchStrategy[Any]]


class Left(BaseModel):
    side: Literal["left"]
    amount: int | None = None


class Right(BaseModel):
    side: Literal["right"] = "right"
    words: list[str] = []


lefts = st.builds(Left, side=st.just("left"), amount=st.none() | st.integers())
rights = st.builds(Right, words=st.lists(texts, max_size=2))

SCALARS: list[Typed] = [
    (int, st.integers()),
    (float, floats),
    (bool, st.booleans()),
    (str, texts),
    (Decimal, st.decimals(allow_nan=False, allow_infinity=False, places=3)),
    (dt.date, st.dates()),
    (dt.datetime, st.datetimes(timezones=st.just(dt.UTC) | st.none())),
    (dt.time, st.times()),
    (dt.timedelta, st.timedeltas()),
    (uuid.UUID, st.uuids()),
    (Literal["a", "b c", 3], st.sampled_from(["a", "b c", 3])),
    (int | str, st.integers() | texts),
    (int | float | bool, st.integers() | floats | st.booleans()),
    (str | None, st.none() | texts),
    (int | None, st.none() | st.integers()),
    (Annotated[Left | Right, Field(discriminator="side")], lefts | rights),
    (Left | Right | None, st.none() | lefts | rights),
]


def around(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    def listed(typed: Typed) -> Typed:
        return GenericAlias(list, (typed[0],)), st.lists(typed[1], max_size=3)

    def mapped(typed: Typed) -> Typed:
        return GenericAlias(dict, (str, typed[0])), st.dictionaries(keys, typed[1], max_size=3)

    def optional(typed: Typed) -> Typed:
        return typed[0] | None, st.none() | typed[1]

    def paired(both: tuple[Typed, Typed]) -> Typed:
        return GenericAlias(tuple, (both[0][0], both[1][0])), st.tuples(both[0][1], both[1][1])

    return (
        inner.map(listed)
        | inner.map(mapped)
        | inner.map(optional)
        | st.tuples(inner, inner).map(paired)
        | st.dictionaries(names, inner, min_size=1, max_size=3).map(modelled)
    )


def modelled(fields: dict[str, Typed]) -> Typed:
    make: Any = create_model
    model = make("Model", **{name: (typed[0], ...) for name, typed in fields.items()})
    return model, st.builds(model, **{name: typed[1] for name, typed in fields.items()})


types = st.recursive(st.sampled_from(SCALARS), around, max_leaves=5)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_random_models_come_out_of_the_form_as_they_went_in(page: Page, data: Any) -> None:
    fields = data.draw(st.dictionaries(names, types, min_size=1, max_size=4), label="fields")
    model, values = modelled(fields)
    value = data.draw(values, label="value")
    text = value.model_dump_json()
    page.evaluate(MOUNT, [json.dumps(model.model_json_schema()), text])
    _, back = page.evaluate(RETYPE)
    # As dicts, for JavaScript moves keys such as "0" to the front.
    assert json.loads(model.model_validate_json(back).model_dump_json()) == json.loads(text)


@pytest.mark.parametrize("nested", [True, False])
def test_two_controls_changed_in_one_moment_are_both_kept(page: Page, nested: bool) -> None:
    class Model(BaseModel):
        a: str = ""
        b: str = ""

    class Outer(BaseModel):
        inner: Model = Model()

    model = Outer if nested else Model
    page.evaluate(MOUNT, [json.dumps(model.model_json_schema()), None])
    page.evaluate(
        """() => { for (const input of document.querySelectorAll('#stage .form-fields input')) {
             input.value = 'typed'; input.dispatchEvent(new InputEvent('input', {bubbles: true})) } }"""
    )
    page.evaluate("() => harness.settled()")
    both = {"a": "typed", "b": "typed"}
    assert json.loads(page.evaluate("harness.value()")) == ({"inner": both} if nested else both)
