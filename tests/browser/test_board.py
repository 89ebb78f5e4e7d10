"""One filter and one selection for all views: brushed, typed, in the address, by keyboard."""

import pytest

from tests.browser.tab import Tab, within
from tests.service.api.calls import Api


@pytest.fixture(scope="module")
def search(api: Api) -> str:
    space = {"x": {"low": 0.0001, "high": 1.0, "scale": "log"}, "layers": {"low": 1, "high": 4, "type": "int"}}
    return api.finished([float((i * 7) % 60) for i in range(60)], space=space)


def cells(tab: Tab, column: int) -> list[str]:
    rows = tab.page.query_selector_all("#part-board tbody tr[data-row]")
    return [row.query_selector_all("td, th")[column].inner_text() for row in rows]


def test_brushing_an_axis_filters_the_table(api: Api, tab: Tab, search: str) -> None:
    tab.open(f"/searches/{search}")
    tab.page.wait_for_selector('#parallel[data-trials="60"]')
    tab.page.locator("#parallel").scroll_into_view_if_needed()
    box = tab.page.locator("#parallel canvas").bounding_box()
    assert box is not None
    left = box["x"] + 40
    tab.page.mouse.move(left, box["y"] + 36)
    tab.page.mouse.down()
    tab.page.mouse.move(left, box["y"] + 90, steps=4)
    tab.page.mouse.move(left, box["y"] + 133, steps=4)
    tab.page.mouse.up()
    within(3, lambda: "x=" in tab.page.input_value("#where"))
    within(3, lambda: "of the 60 ranked trials" in tab.text("#part-board"))
    shown = [float(cell) for cell in cells(tab, 3)]
    assert shown
    assert all(value > 0.008 for value in shown), "the upper half of a log scale from 0.0001 to 1"
    assert int(tab.page.get_attribute("#parallel", "data-kept") or 0) == int(tab.text("#part-board").split()[0])
    assert "where=x%3D" in tab.page.url

    tab.page.mouse.click(left, box["y"] + 200)
    within(3, lambda: tab.page.input_value("#where") == "")
    within(3, lambda: "60 ranked trials" in tab.text("#part-board"))


def test_a_filter_dims_what_does_not_pass_in_the_charts(api: Api, tab: Tab, search: str) -> None:
    tab.open(f"/searches/{search}?where=layers%3D2")
    tab.drawn("history")
    dots = [trace for trace in tab.figure("history")["data"] if trace.get("customdata")]
    kept = sum(len(trace["selectedpoints"]) for trace in dots)
    layers = [
        row["hyperparameters"]["layers"] for row in api.get(f"/v1/searches/{search}/leaderboard", limit=100)["items"]
    ]
    assert kept == layers.count(2)
    assert kept < 60


def test_the_address_holds_the_view(api: Api, tab: Tab, search: str) -> None:
    tab.open(f"/searches/{search}")
    tab.page.fill("#where", "value<20")
    tab.page.press("#where", "Enter")
    within(3, lambda: "21 of the 60" in tab.text("#part-board"))
    tab.page.click("#part-board thead th:nth-child(4) a")
    within(3, lambda: "sort=x" in tab.page.url)
    within(3, lambda: cells(tab, 3) == sorted(cells(tab, 3), key=float))
    address = tab.page.url
    tab.page.reload()
    assert "21 of the 60" in tab.text("#part-board")
    assert tab.page.url == address
    tab.page.go_back()
    within(3, lambda: "sort=" not in tab.page.url)
    assert "21 of the 60" in tab.text("#part-board")


def test_a_selected_row_is_pointed_out_in_the_charts_and_the_coordinates(api: Api, tab: Tab, search: str) -> None:
    tab.page.set_viewport_size({"width": 1280, "height": 2000})
    tab.open(f"/searches/{search}")
    tab.drawn("history")
    tab.page.click("#part-board tbody tr:nth-child(3) td:nth-child(3)")
    within(3, lambda: tab.page.query_selector('[data-chart="history"] .hoverlayer .hovertext') is not None)
    number = cells(tab, 1)[2]
    assert f"trial {number}" in (tab.page.text_content('[data-chart="history"] .hoverlayer') or "")
    assert tab.page.get_attribute("#parallel", "data-marked") == tab.page.get_attribute(
        "#part-board tr[aria-selected]", "data-row"
    )
    tab.page.keyboard.press("Escape")
    within(3, lambda: tab.page.get_attribute("#parallel", "data-marked") == "")


def test_the_keyboard_reaches_the_filter_the_rows_and_the_help(api: Api, tab: Tab, search: str) -> None:
    tab.open(f"/searches/{search}")
    within(5, lambda: tab.page.is_visible("#help-button"))
    tab.page.keyboard.press("?")
    assert tab.page.is_visible("#help")
    tab.page.keyboard.press("Escape")
    assert not tab.page.is_visible("#help")
    tab.page.keyboard.press("/")
    assert tab.page.evaluate("document.activeElement.id") == "where"
    tab.page.keyboard.type("jk?")
    assert tab.page.input_value("#where") == "jk?"
    tab.page.keyboard.press("Escape")
    for key in "jjk":
        tab.page.keyboard.press(key)
    rows = tab.page.query_selector_all("#part-board tr[data-row]")
    assert [row.get_attribute("aria-selected") for row in rows[:3]] == ["true", None, None]
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/trials/*")
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("w")
    tab.page.wait_for_url("**/workers")
