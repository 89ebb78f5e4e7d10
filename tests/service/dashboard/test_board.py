"""The leaderboard of a page: sorted, filtered, paged, each by the server."""

from collections.abc import Iterator

import pytest

from service.dashboard.board import PAGE
from tests.service.api.calls import Api
from tests.service.dashboard.reading import Page, read

VALUES = [float((i * 37) % 120) for i in range(120)]


@pytest.fixture(scope="module")
def search(api: Api) -> str:
    space = {"x": {"low": 0.0, "high": 1.0}, "kind": {"values": ["a", "b", "c d"]}}
    return api.finished(VALUES, space=space)


def board(page: Page) -> list[list[str]]:
    start = next(i for i, row in enumerate(page.rows) if row[:1] == ["#"])
    return page.rows[start + 1 :]


def walk(api: Api, search: str, **params: str) -> Iterator[list[str]]:
    page = read(api, f"/searches/{search}", **params)
    yield from board(page)
    while after := next((attrs["href"] for tag, attrs in page.tags if tag == "a" and attrs.get("id") == "more"), None):
        page = read(api, f"/searches/{search}{after}")
        yield from board(page)


def test_pages_by_rank_add_up(api: Api, search: str) -> None:
    rows = list(walk(api, search))
    assert [row[0] for row in rows] == [str(rank) for rank in range(1, 121)]
    assert [float(row[2]) for row in rows] == sorted(VALUES)


def test_pages_of_another_order_add_up(api: Api, search: str) -> None:
    rising, falling = list(walk(api, search, sort="x")), list(walk(api, search, sort="-x"))
    xs = [float(row[3]) for row in rising]
    assert len(xs) == 120 > PAGE
    assert xs == sorted(xs)
    assert [float(row[3]) for row in falling] == sorted(xs, reverse=True)


def test_a_filter_shows_what_passes_with_its_rank_in_the_whole(api: Api, search: str) -> None:
    rows = list(walk(api, search, where='x=..0.5 value>20 kind="c d|a"'))
    everything = list(walk(api, search))
    assert rows == [
        row for row in everything if float(row[3]) <= 0.5 and float(row[2]) >= 20 and row[4] in ("c d", "a")
    ]
    assert 0 < len(rows) < 120


def test_what_is_shown_can_be_saved(api: Api, search: str) -> None:
    shown = list(walk(api, search, where="x>0.5", sort="-value"))
    params = {"where": "x>0.5", "sort": "-value"}
    lines = api.ask("GET", f"/searches/{search}/leaderboard.csv", params=params).text.splitlines()
    items = api.get(f"/searches/{search}/leaderboard.json", **params)["items"]
    assert [line.split(",")[1] for line in lines[1:]] == [row[1] for row in shown]
    assert [str(item["number"]) for item in items] == [row[1] for row in shown]
    assert len(api.get(f"/searches/{search}/leaderboard.json")["items"]) == 120
    link = f"/searches/{search}/leaderboard.csv?where=x%3E0.5&sort=-value"
    assert link in read(api, f"/searches/{search}", **params).links()


def test_a_filter_that_nothing_passes_says_so(api: Api, search: str) -> None:
    page = read(api, f"/searches/{search}", where="x>2")
    assert "No trial passes this filter." in page.text
    assert "0 of the 120 ranked trials" in page.text


@pytest.mark.parametrize("where", ["x", "x=1..b", "x>high", "= 3", 'kind="open'])
def test_a_filter_that_is_not_understood_is_explained(api: Api, search: str, where: str) -> None:
    page = read(api, f"/searches/{search}", where=where)
    assert "the filter" in page.text
    assert "Drop the filter" in page.text


def test_a_cursor_of_another_list_is_refused_in_place(api: Api, search: str) -> None:
    after = api.get(f"/v1/searches/{search}/trials", limit=1)["next"]
    assert "cursor" in read(api, f"/searches/{search}", after=after).text
