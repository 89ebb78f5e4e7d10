"""/v1/searches/{id}/leaderboard: pages, ETag, waiting for a change, CSV."""

import csv
import io
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import httpx
import pytest

from tests.service.api.calls import SPACE, Api


def board(api: Api, search: str, **params: Any) -> Any:
    return api.get(f"/v1/searches/{search}/leaderboard", **params)


def test_a_row_says_all_that_the_interface_promises(api: Api) -> None:
    search = api.submit(trials=1)
    (trial,) = api.claim(search)
    api.finish(trial, metrics={"loss": 0.5, "accuracy": 0.9})

    assert board(api, search) == {
        "items": [
            {
                "rank": 1,
                "id": trial["id"],
                "number": 0,
                "value": 0.5,
                "hyperparameters": trial["hyperparameters"],
                "metrics": {"loss": 0.5, "accuracy": 0.9},
                "state": "completed",
                "round": 0,
                "origin": "sampled",
                "diverged": False,
            }
        ],
        "next": None,
    }


def test_the_best_come_first_ties_by_number_and_diverged_ones_last(api: Api) -> None:
    search = api.finished([2.0, "NaN", 1.0, "-Infinity", 1.0, "Infinity"])
    rows = board(api, search)["items"]

    assert [(row["rank"], row["number"], row["value"], row["diverged"]) for row in rows] == [
        (1, 2, 1.0, False),
        (2, 4, 1.0, False),
        (3, 0, 2.0, False),
        (4, 1, "NaN", True),
        (5, 3, "-Infinity", True),
        (6, 5, "Infinity", True),
    ]


def test_a_search_that_maximizes_ranks_the_highest_first(api: Api) -> None:
    search = api.finished([1.0, 3.0, 2.0], goal="maximize")
    assert [row["value"] for row in board(api, search)["items"]] == [3.0, 2.0, 1.0]


def test_trials_without_a_value_are_not_on_it(api: Api) -> None:
    search = api.submit()
    first, second, third, _ = api.claim(search)
    api.finish(first, "failed", error="no luck")
    api.finish(second, metrics={"los": 1})
    api.finish(third, metrics={"loss": 1})
    assert [row["id"] for row in board(api, search)["items"]] == [third["id"]]


def test_pages_of_any_size_add_up_with_ranks_that_go_on(api: Api) -> None:
    search = api.finished([1.0, "NaN", 0.5, 1.0, 1.0, "NaN", 0.25])
    whole = board(api, search)["items"]
    assert [row["rank"] for row in whole] == [1, 2, 3, 4, 5, 6, 7]

    for limit in (1, 2, 3, 7):
        page = board(api, search, limit=limit)
        rows = page["items"]
        while page["next"] is not None:
            page = board(api, search, limit=limit, after=page["next"])
            rows += page["items"]
        assert rows == whole


def test_an_etag_answers_304_until_the_leaderboard_changes(api: Api) -> None:
    search = api.submit()
    path = f"/v1/searches/{search}/leaderboard"
    first, second, third, _ = api.claim(search)
    etag = api.ask("GET", path).headers["etag"]

    api.report(first, step=1, metrics={"loss": 1})
    api.finish(second, "failed", error="no luck")
    same = api.ask("GET", path, 304, headers={"If-None-Match": etag})
    assert (same.content, same.headers["etag"]) == (b"", etag)

    api.finish(third, metrics={"loss": 1})
    changed = api.ask("GET", path, headers={"If-None-Match": etag})
    assert changed.headers["etag"] != etag
    assert len(changed.json()["items"]) == 1


def test_json_and_csv_have_etags_of_their_own(api: Api) -> None:
    path = f"/v1/searches/{api.finished([1])}/leaderboard"
    etag = api.ask("GET", path).headers["etag"]
    response = api.ask("GET", path, headers={"Accept": "text/csv", "If-None-Match": etag})
    assert response.headers["etag"] != etag
    assert response.headers["vary"] == "Accept"


def _poll(pool: ThreadPoolExecutor, api: Api, path: str, etag: str, *, wait: str) -> "Future[httpx.Response]":
    headers = {"If-None-Match": etag, "Prefer": f"wait={wait}"}
    return pool.submit(api.http.get, path, headers=headers)


def test_who_waits_for_a_change_is_answered_within_a_second_of_it(api: Api) -> None:
    search = api.submit()
    path = f"/v1/searches/{search}/leaderboard"
    delays = []
    for trial in api.claim(search):
        etag = api.ask("GET", path).headers["etag"]
        with ThreadPoolExecutor(1) as pool:
            poll = _poll(pool, api, path, etag, wait="20")
            assert not wait([poll], timeout=0.1).done
            start = time.monotonic()
            api.finish(trial, metrics={"loss": 1})
            answer = poll.result(20)
            delays.append(time.monotonic() - start)

        assert answer.status_code == 200
        assert trial["id"] in {row["id"] for row in answer.json()["items"]}
    assert max(delays) < 1.0
    assert min(delays) < 0.3  # told of it, before the watcher would look


def test_who_waits_in_vain_gets_304_after_the_wait(api: Api) -> None:
    search = api.submit()
    path = f"/v1/searches/{search}/leaderboard"
    etag = api.ask("GET", path).headers["etag"]

    start = time.monotonic()
    answer = api.ask("GET", path, 304, headers={"If-None-Match": etag, "Prefer": "respond-async, wait=0.3"})
    seconds = time.monotonic() - start

    assert answer.headers["etag"] == etag
    assert 0.3 <= seconds < 2.0


def test_who_waits_for_a_search_that_is_deleted_hears_of_it(api: Api) -> None:
    search = api.submit()
    path = f"/v1/searches/{search}/leaderboard"
    etag = api.ask("GET", path).headers["etag"]
    with ThreadPoolExecutor(1) as pool:
        poll = _poll(pool, api, path, etag, wait="20")
        api.ask("DELETE", f"/v1/searches/{search}", 204)
        assert poll.result(10).status_code == 404


def test_nobody_waits_without_an_etag(api: Api) -> None:
    search = api.submit()
    start = time.monotonic()
    api.ask("GET", f"/v1/searches/{search}/leaderboard", headers={"Prefer": "wait=20"})
    assert time.monotonic() - start < 5


def test_csv_holds_every_row_and_no_formula(api: Api) -> None:
    space = {**SPACE, "note": "=1+1", "mail": "@sum(a1)", "shift": "-1", "quoted": 'a "b", c\nd', "widths": [8, 4]}
    space |= {"on": True, "nothing": None, "negative": -1.5}
    search = api.submit(space=space, trials=2, parallel=2)
    first, second = api.claim(search)
    api.finish(first, metrics={"loss": "NaN"})
    api.finish(second, metrics={"loss": -0.5, "extra": 1})

    response = api.ask("GET", f"/v1/searches/{search}/leaderboard", headers={"Accept": "text/csv"})

    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    best, worst = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert best["hyperparameters.x"] == repr(second["hyperparameters"]["x"])
    texts = {name: best[f"hyperparameters.{name}"] for name in space if name != "x"}
    assert texts == {
        "kind": "toy",
        "note": "'=1+1",
        "mail": "'@sum(a1)",
        "shift": "'-1",
        "quoted": 'a "b", c\nd',
        "widths": "[8, 4]",
        "on": "true",
        "nothing": "",
        "negative": "-1.5",
    }
    fixed = ("rank", "number", "id", "state", "value", "round", "origin", "diverged", "metrics.extra")
    assert [best[name] for name in fixed] == [
        "1",
        "1",
        second["id"],
        "completed",
        "-0.5",
        "0",
        "sampled",
        "false",
        "1.0",
    ]
    assert [worst[name] for name in fixed] == ["2", "0", first["id"], "completed", "NaN", "0", "sampled", "true", ""]


def test_csv_is_not_cut_at_a_page(sqlite_api: Api) -> None:
    search = sqlite_api.finished([number % 7 for number in range(1005)])
    text = sqlite_api.ask("GET", f"/v1/searches/{search}/leaderboard", headers={"Accept": "text/csv"}).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["rank"]) for row in rows] == list(range(1, 1006))
    assert len({row["number"] for row in rows}) == 1005


@pytest.mark.parametrize(
    ("accept", "is_csv"),
    [
        ("text/csv", True),
        ("text/csv, application/json;q=0.5", True),
        ("application/json, text/csv;q=0.1", False),
        ("text/csv;q=0", False),
        ("*/*", False),
        ("application/json", False),
    ],
)
def test_the_form_is_the_one_the_reader_prefers(sqlite_api: Api, accept: str, is_csv: bool) -> None:
    path = f"/v1/searches/{sqlite_api.submit()}/leaderboard"
    kind = sqlite_api.ask("GET", path, headers={"Accept": accept}).headers["content-type"]
    assert kind == ("text/csv; charset=utf-8" if is_csv else "application/json")
