"""The tree of a result: only what is open and in view is on the page, and the keyboard reaches all of it."""

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect


def mount(page: Page, value: str, label: str = "") -> None:
    """Show a JSON text; `value` is JavaScript where JSON would be too long to send."""
    page.evaluate(f"async label => {{ await harness.tree({value}, {{label}}) }}", label)


def mount_json(page: Page, value: Any, label: str = "") -> None:
    page.evaluate(
        "async ([text, label]) => { await harness.tree(harness.parseJson(text), {label}) }",
        [json.dumps(value), label],
    )


def rows(page: Page) -> Locator:
    return page.get_by_role("treeitem")


def press(page: Page, *keys: str) -> None:
    page.get_by_role("tree").focus()
    for key in keys:
        page.keyboard.press(key)
    page.evaluate("() => harness.framed()")


def active(page: Page) -> str:
    return page.locator("[role=treeitem][aria-selected=true]").inner_text()


def test_children_are_made_when_their_parent_is_opened(page: Page) -> None:
    mount_json(page, {"a": {"b": {"c": 1}}, "d": [1, 2]}, "result")
    assert rows(page).count() == 3
    expect(page.get_by_text("c: 1")).to_have_count(1)  # in the preview of `a` only
    press(page, "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight")
    assert rows(page).all_inner_texts() == [
        "result: {2 keys}", "a: {1 key}", "b: {1 key}", "c: 1", "d: [1, 2]",
    ]  # fmt: skip


def test_10_000_open_nodes_are_a_window_of_rows(page: Page) -> None:
    mount(
        page,
        "Object.fromEntries(Array.from({length: 100}, (_, i) => [`k${i}`, Array.from({length: 99}, (_, j) => j)]))",
    )
    press(page, "ArrowDown", "*")
    assert rows(page).count() < 80
    tree = page.get_by_role("tree")
    assert tree.evaluate("e => e.scrollHeight") == pytest.approx(10_001 * 22, abs=2)
    press(page, "End")
    assert active(page) == "98: 98"
    assert rows(page).count() < 80
    expect(page.locator("[aria-selected=true]")).to_be_in_viewport()
    tree.evaluate("e => { e.scrollTop = 5000 * 22 }")
    page.evaluate("() => harness.framed()")
    in_view = page.locator("[role=treeitem]").evaluate_all(
        "(rows) => { const box = document.querySelector('.tree').getBoundingClientRect();"
        " return rows.filter(r => { const b = r.getBoundingClientRect();"
        " return b.bottom > box.top && b.top < box.bottom }).length }"
    )
    height = tree.evaluate("e => e.clientHeight")
    assert in_view >= height // 22


@pytest.mark.parametrize(("length", "first_range"), [(101, "[0 … 99]"), (10_001, "[0 … 9,999]")])
def test_many_children_come_in_ranges_of_at_most_100(
    page: Page, length: int, first_range: str
) -> None:
    mount(page, f"Array.from({{length: {length}}}, (_, i) => i)")
    assert rows(page).count() <= 102
    press(page, "ArrowDown")
    assert active(page) == first_range
    while not active(page).startswith("0:"):
        press(page, "ArrowRight", "ArrowDown")
    assert active(page) == "0: 0"
    mount(page, f"Array.from({{length: {length}}}, (_, i) => i)")
    press(page, "End")
    while active(page).startswith("["):
        press(page, "ArrowRight", "End")
    assert active(page) == f"{length - 1}: {length - 1}"


def test_100_000_keys_open_level_by_level(page: Page) -> None:
    mount(page, "Object.fromEntries(Array.from({length: 100000}, (_, i) => ['k' + i, i]))")
    assert rows(page).count() == 11
    press(page, "End", "ArrowRight", "End", "ArrowRight", "End")
    assert active(page) == "k99999: 99999"
    assert page.locator(".tree-path").inner_text() == "$.k99999"


def test_500_levels_open_one_by_one(page: Page) -> None:
    mount(page, "harness.parseJson('{\"a\":'.repeat(500) + '1' + '}'.repeat(500))")
    press(page, *["ArrowRight", "ArrowDown"] * 500)
    assert active(page).split("\n")[-1].endswith("a: 1")
    assert page.locator("[aria-selected=true]").get_attribute("aria-level") == "501"
    box = page.locator("[aria-selected=true] .tree-value").bounding_box()
    assert box
    assert box["x"] < 900
    assert page.locator(".tree-path").inner_text() == "$" + ".a" * 500
    page.get_by_role("radio", name="JSON").check()
    expect(page.locator(".tree-json-text")).to_contain_text('"a": 1')


def test_the_arrows_work_as_in_the_tree_pattern(page: Page) -> None:
    mount_json(page, {"a": [1, 2], "b": 3}, "top")
    press(page, "ArrowDown", "ArrowRight")
    assert rows(page).count() == 5
    assert active(page) == "a: [2 items]"
    press(page, "ArrowRight")
    assert active(page) == "0: 1"
    press(page, "ArrowLeft")
    assert active(page) == "a: [2 items]"
    press(page, "ArrowLeft")
    assert rows(page).count() == 3
    press(page, "ArrowLeft")
    assert active(page) == "top: {2 keys}"
    press(page, "End")
    assert active(page) == "b: 3"
    press(page, "Home", "Enter")
    assert rows(page).count() == 1
    item = page.locator("[aria-selected=true]")
    assert item.get_attribute("aria-expanded") == "false"
    assert page.get_by_role("tree").get_attribute("aria-activedescendant") == item.get_attribute(
        "id"
    )


def test_a_click_opens_and_selects(page: Page) -> None:
    mount_json(page, {"a": [1, 2], "b": 3})
    rows(page).nth(1).click()
    assert rows(page).count() == 5
    assert page.locator(".tree-path").inner_text() == "$.a"


def test_a_long_string_is_cut_until_asked_for(page: Page) -> None:
    text = "word " * 5000 + "\nthe end"
    mount_json(page, {"long": text, "after": 1})
    assert len(rows(page).nth(1).inner_text()) < 300
    expect(page.get_by_text("show all 25,008 characters")).to_be_visible()
    press(page, "ArrowDown", "Enter")
    assert page.locator(".tree-whole").inner_text() == text
    whole = page.locator(".tree-whole").bounding_box()
    after = rows(page).nth(2).bounding_box()
    assert whole
    assert after
    assert after["y"] >= whole["y"] + whole["height"]
    press(page, "Enter")
    expect(page.locator(".tree-whole")).to_have_count(0)


def test_path_value_and_everything_are_copied(page: Page) -> None:
    mount_json(page, {"a key": [{"x": 2**70}, "te\nxt"]})
    press(page, "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
    page.get_by_role("button", name="Copy path").click()
    expect(page.get_by_role("status")).to_have_text("path copied")
    assert page.evaluate("navigator.clipboard.readText()") == '$["a key"][0].x'
    page.get_by_role("button", name="Copy value").click()
    expect(page.get_by_role("status")).to_have_text('$["a key"][0].x copied')
    assert page.evaluate("navigator.clipboard.readText()") == str(2**70)
    page.get_by_role("button", name="Copy all").click()
    expect(page.get_by_role("status")).to_have_text("everything copied")
    assert json.loads(page.evaluate("navigator.clipboard.readText()")) == {
        "a key": [{"x": 2**70}, "te\nxt"]
    }
    press(page, "End", "Control+c")
    expect(page.get_by_role("status")).to_have_text('$["a key"][1] copied')
    assert page.evaluate("navigator.clipboard.readText()") == "te\nxt"


def test_whatever_is_in_it_is_text(page: Page) -> None:
    nasty = {
        "<img src=x onerror=alert(1)>": "<b>bold</b>",
        "\u202eright to left": "\u0000\u0007\u202e",
        "x" * 10_000: "\U0001f600" * 3000,
        "": None,
        "__proto__": 1,
    }
    mount_json(page, nasty)
    assert page.locator("#stage :is(img, b)").count() == 0
    assert rows(page).count() == 6
    assert page.locator(".tree").evaluate("e => e.scrollWidth <= e.clientWidth")
    assert '"__proto__"' not in rows(page).nth(5).inner_text()


def test_the_json_view_is_the_value_with_all_its_digits(page: Page) -> None:
    value = {"seed": 2**64 + 1, "one": 1.0, "list": [None, True]}
    mount_json(page, value)
    page.get_by_role("radio", name="JSON").check()
    text = page.locator(".tree-json-text").inner_text()
    assert json.loads(text, parse_float=str) == {**value, "one": "1.0"}


def test_very_long_json_is_put_on_the_page_when_asked_for(page: Page) -> None:
    mount(page, "Array.from({length: 50000}, (_, i) => i)")
    page.get_by_role("radio", name="JSON").check()
    assert page.locator(".tree-json-text").evaluate("e => e.textContent.length") == 100_000
    page.get_by_role("button", name="Show all").click()
    assert page.locator(".tree-json-text").evaluate("e => e.textContent.length") > 400_000


@pytest.mark.parametrize(
    ("value", "limit", "line"),
    [
        ({"a": 1, "b": [1, 2]}, 80, "{a: 1, b: [1, 2]}"),
        ("x" * 100, 10, '"xxxxxxx…"'),
        ([], 10, "[]"),
        (None, 10, "null"),
        ({"a": {"b": {"c": {"d": 1}}}}, 80, "{a: {b: {c: {1 key}}}}"),
        ([1.5, True], 80, "[1.5, true]"),
    ],
)
def test_a_summary_is_one_line_of_limited_length(
    page: Page, value: Any, limit: int, line: str
) -> None:
    summary = page.evaluate(
        "([text, limit]) => harness.summarise(harness.parseJson(text), limit)",
        [json.dumps(value), limit],
    )
    assert len(summary) <= limit
    assert summary == line


def test_a_summary_of_something_huge_says_its_size(page: Page) -> None:
    line = page.evaluate("() => harness.summarise(Array.from({length: 1000000}, (_, i) => i), 60)")
    assert line.startswith("[0, 1, 2, ")
    assert line.endswith(", … 1,000,000 items]")
    assert len(line) <= 60
