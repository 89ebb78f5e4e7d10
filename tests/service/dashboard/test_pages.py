"""The pages, as they are without JavaScript."""

import json
import re

import pytest

from tests.processes import Processes
from tests.service.api.calls import Api
from tests.service.dashboard.reading import read

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}<img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def search(api: Api) -> str:
    """Four trials: two with values, one failed, one running."""
    search = api.submit(trials=5, parallel=5, name="an example", notes="some words")
    one, two, three, four, _ = api.claim(search)
    api.report(one, step=1, metrics={"loss": 0.75, "train_accuracy": 0.5})
    api.finish(one, metrics={"loss": 0.25, "train_accuracy": 0.5, "dev_accuracy": 0.375})
    api.finish(two, metrics={"loss": 0.125})
    api.finish(three, "failed", error="Traceback (most recent call last):\n  ...\nZeroDivisionError: nothing")
    api.report(four, step=1, metrics={"loss": 0.0625})
    return search


def test_the_first_page_lists_searches_with_state_best_and_progress(api: Api, search: str) -> None:
    page = read(api, "/")
    row = next(row for row in page.rows if row and row[0].startswith("an example"))
    assert row[1] == "active"
    assert "3 / 5" in row[2]
    assert row[3].startswith("0.125")
    assert row[4] == "2"
    assert f"/searches/{search}" in page.links()


def test_a_search_says_how_far_it_is_and_who_leads(api: Api, search: str) -> None:
    page = read(api, f"/searches/{search}")
    assert "an example active" in page.text
    assert "best loss 0.125 trial 1" in page.text
    assert "progress 3 of 5 · 60 %" in page.text
    assert "2 running" in page.text
    assert "1 failed" in page.text
    assert "some words" in page.text


def test_its_leaderboard_holds_ranked_trials_and_the_parameters_that_vary(api: Api, search: str) -> None:
    page = read(api, f"/searches/{search}")
    head = next(row for row in page.rows if row[:1] == ["#"])
    assert head == ["#", "Trial", "loss", "x", "State", "Round", "Origin"]
    ranks = [row[:3] for row in page.rows if row and row[0] in ("1", "2")]
    assert ranks == [["1", "1", "0.125"], ["2", "0", "0.25"]]


def test_a_column_that_was_asked_for_is_shown(api: Api, search: str) -> None:
    page = read(api, f"/searches/{search}", column="train_accuracy")
    head = next(row for row in page.rows if row[:1] == ["#"])
    assert head == ["#", "Trial", "loss", "train_accuracy", "State", "Round", "Origin"]
    assert [row[3] for row in page.rows if row[:1] == ["2"]] == ["0.5"]


def test_all_trials_are_listed_by_state_with_the_reason(api: Api, search: str) -> None:
    page = read(api, f"/searches/{search}/trials", state="failed")
    assert [row[:2] for row in page.rows[1:]] == [["2", "failed"]]
    assert "ZeroDivisionError: nothing" in page.rows[1][-1]


def test_the_leaderboard_is_exported_as_the_interface_does_it(api: Api, search: str) -> None:
    page = api.ask("GET", f"/searches/{search}/leaderboard.csv")
    ours = api.ask("GET", f"/v1/searches/{search}/leaderboard", headers={"Accept": "text/csv"})
    assert page.text == ours.text
    assert page.headers["content-disposition"] == f'attachment; filename="search-{search}.csv"'


def test_a_trial_shows_its_values_its_curve_its_attempts_and_its_box(api: Api, search: str) -> None:
    items = api.get(f"/v1/searches/{search}/trials")["items"]
    page = read(api, f"/trials/{items[0]['id']}")
    assert "Trial 0 completed" in page.text
    assert ["1", "0.75", "0.5", "1"] in page.rows
    assert ["accuracy", "0.5", "0.375", "–"] in page.rows
    attempt = next(row for row in page.rows if "worker of" in " ".join(row))
    assert attempt[0] == "1"
    assert attempt[2] == "completed"
    assert "The box it came from" in page.text


def test_a_trial_is_diagnosed_by_its_errors_on_train_and_dev(api: Api) -> None:
    search = api.submit(trials=3, parallel=3)
    trials = api.claim(search)
    for trial, (train, dev) in zip(trials, [(0.25, 0.375), (0.0, 0.5), ("NaN", 0.5)], strict=True):
        api.finish(trial, metrics={"loss": 1, "train_error": train, "dev_error": dev})
    texts = [read(api, f"/trials/{trial['id']}").text for trial in trials]
    assert "high bias and high variance: error on train 0.25, on dev 0.125 more." in texts[0]
    assert "Try a bigger network" in texts[0]
    assert "high variance: error on train 0, on dev 0.5 more. Get more data" in texts[1]
    assert "variance" not in texts[2]


def test_a_failed_trial_shows_its_whole_traceback(api: Api, search: str) -> None:
    items = api.get(f"/v1/searches/{search}/trials", state="failed")["items"]
    page = read(api, f"/trials/{items[0]['id']}")
    assert "Traceback (most recent call last): ... ZeroDivisionError: nothing" in page.text


def test_a_trials_curl_command_is_quoted_for_the_shell(api: Api) -> None:
    space = {"x": {"values": ["it's $HOME", "`b`"]}}
    search = api.submit(space=space, trials=1, start=[{"x": "it's $HOME"}])
    (trial,) = api.claim(search)
    page = read(api, f"/trials/{trial['id']}")
    body = json.dumps({"hyperparameters": {"x": "it's $HOME"}}).replace("'", "'\"'\"'")
    assert f"-d '{body}'" in page.text


def test_workers_are_shown_with_what_they_run(api: Api, search: str) -> None:
    page = read(api, "/workers")
    trainer = api.search(search)["spec"]["trainer"]
    row = next(row for row in page.rows if row[0] == f"worker of {trainer}")
    assert row[1] == "busy"
    assert row[3] == "2 / 1000"
    assert row[4].endswith("/ min")


def test_two_searches_are_compared_field_by_field(api: Api, search: str) -> None:
    other = api.finished([3.0], seed=7)
    page = read(api, "/compare", a=search, b=other)
    assert ["state", "active", "completed"] in page.rows
    assert ["seed", "0", "7"] in page.rows


def test_a_new_search_can_begin_with_the_spec_of_another(api: Api, search: str) -> None:
    page = read(api, "/new", like=search)
    assert "name: an example" in page.text
    assert "metric: dev_accuracy" in read(api, "/new").text


@pytest.mark.parametrize("path", ["/searches/99999", "/searches/nonsense", "/trials/99999", "/compare?a=99999&b=1"])
def test_what_does_not_exist_is_said_on_a_page(api: Api, path: str) -> None:
    page = read(api, path, 404)
    assert "There is nothing here" in page.text
    assert "there is no" in page.text


def test_an_address_that_makes_no_sense_is_said_on_a_page(api: Api, search: str) -> None:
    assert "is not understood" in read(api, f"/searches/{search}/trials", 422, state="odd").text
    assert "no cursor" in read(api, "/", 422, after="%%%").text


def test_text_of_users_is_text_wherever_it_stands(api: Api) -> None:
    space = {"x": {"values": [HOSTILE, "b"]}, "constant": HOSTILE}
    search = api.submit(name=HOSTILE, notes=HOSTILE, space=space, trials=2, parallel=2, start=[{"x": HOSTILE}])
    worker = {"worker": HOSTILE, "about": {"host": HOSTILE}}
    one, two = api.claim(search, **worker)
    api.finish(one, metrics={"loss": 1})
    api.finish(two, "failed", error=HOSTILE)

    paths = [f"/searches/{search}", f"/searches/{search}/trials", "/", "/workers", f"/compare?a={search}&b={search}"]
    paths += [f"/trials/{one['id']}", f"/trials/{two['id']}", f"/new?like={search}"]
    for path in paths:
        page = read(api, path)
        assert "alert(1)" in page.text, path
        assert "{{7*7}}" in page.text, path
        assert [attrs["src"] for tag, attrs in page.tags if tag == "script"] == [
            next(src for src in re.findall(r'src="(/static/[^"]*app\.js)"', page.html))
        ], path
        assert not [tag for tag, _ in page.tags if tag == "img"], path


def test_a_filter_in_the_address_is_text_too(api: Api, search: str) -> None:
    page = read(api, f"/searches/{search}", where=HOSTILE, sort=HOSTILE, column=HOSTILE)
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 1
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert "is not understood" in page.text


def test_an_empty_server_says_what_to_type_first(processes: Processes, sqlite_store_url: str) -> None:
    with Api(processes.server(sqlite_store_url).url) as empty:
        page = read(empty, "/")
        assert f"caviar worker {empty.url}" in page.text
        assert f"caviar submit spec.yaml --url {empty.url}" in page.text
        assert "/new" in page.links()
        assert f"caviar worker {empty.url}" in read(empty, "/workers").text
