"""Trials: a search's list, enqueueing, one with its attempts, cancelling, the learning curve."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.service.api.calls import SPACE, Api


def test_trials_are_listed_by_number_filtered_and_paged(api: Api) -> None:
    search = api.submit(trials=6, parallel=6)
    path = f"/v1/searches/{search}/trials"
    claimed = api.claim(search, capacity=4)
    api.finish(claimed[0], metrics={"loss": 1})
    api.finish(claimed[2], "failed", error="no luck")

    def numbers(**params: Any) -> list[int]:
        return [trial["number"] for trial in api.get(path, **params)["items"]]

    assert numbers() == [0, 1, 2, 3, 4, 5]
    assert numbers(state="completed") == [0]
    assert numbers(state="failed") == [2]
    assert numbers(state="running") == [1, 3]
    assert numbers(state="queued") == [4, 5]
    assert numbers(state="stopped") == []
    first = api.get(path, state="running", limit=1)
    assert numbers(state="running", limit=1, after=first["next"]) == [3]
    assert api.get(path, limit=6)["next"] is None


def test_a_trial_shows_its_attempts_and_who_made_them(api: Api) -> None:
    search = api.submit(trials=1)
    (trial,) = api.claim(search, worker="first")
    api.report(trial, step=3, metrics={"loss": 2})
    assert api.finish(trial, "returned")["status"] == "ok"
    (again,) = api.claim(search, worker="second")
    assert (again["id"], again["attempt"], again["seed"]) == (trial["id"], 2, trial["seed"])
    assert again["lease"]["token"] != trial["lease"]["token"]
    api.finish(again, metrics={"loss": 1})

    shown = api.get(f"/v1/trials/{trial['id']}")

    told = [(a["attempt"], a["worker"], a["outcome"], a["last_step"]) for a in shown["attempts"]]
    assert told == [(1, "first", "returned", 3), (2, "second", "completed", None)]
    assert all(attempt["started_at"] <= attempt["ended_at"] for attempt in shown["attempts"])
    assert (shown["state"], shown["value"], shown["search"], shown["error"]) == ("completed", 1.0, search, None)


def test_a_failed_trial_keeps_its_reason(api: Api) -> None:
    search = api.submit()
    thrown, silent, wrong, _ = api.claim(search)
    api.finish(thrown, "failed", error="ValueError: 7 ≠ 8")
    api.finish(silent, metrics={})
    api.finish(wrong, metrics={"los": 1, "accuracy": 0.5})

    def error(trial: dict[str, Any]) -> Any:
        return api.get(f"/v1/trials/{trial['id']}")["error"]

    assert error(thrown) == {"code": "exception", "detail": "ValueError: 7 ≠ 8"}
    assert error(silent) == {
        "code": "metric_missing",
        "detail": "the search ranks by loss, but the trial reported none at all",
    }
    assert error(wrong) == {
        "code": "metric_missing",
        "detail": "the search ranks by loss, but the trial reported accuracy, los",
    }


@pytest.mark.parametrize("text", ["a\0b", "x" * 100_000, "\n\ttab", "🐟"])
def test_no_text_of_an_error_stops_a_trial_from_failing(api: Api, text: str) -> None:
    search = api.submit()
    trial = api.claim(search)[0]
    assert api.finish(trial, "failed", error=text)["status"] == "ok"
    assert api.get(f"/v1/trials/{trial['id']}")["error"]["detail"].startswith(text[:1])


def test_reports_are_the_learning_curve_attempt_by_attempt(api: Api) -> None:
    search = api.submit(trials=1)
    (trial,) = api.claim(search)
    api.reports([_said(trial, step=step, loss=1 / step) for step in (2, 1)])
    api.finish(trial, "returned")
    (trial,) = api.claim(search)
    api.report(trial, step=2**40, metrics={"loss": "NaN", "lr": 1e-3})

    path = f"/v1/trials/{trial['id']}/reports"
    curve = api.get(path)["items"]
    assert [(r["attempt"], r["step"], r["metrics"]) for r in curve] == [
        (1, 1, {"loss": 1.0}),
        (1, 2, {"loss": 0.5}),
        (2, 2**40, {"loss": "NaN", "lr": 1e-3}),
    ]
    first = api.get(path, limit=1)
    rest = api.get(path, limit=2, after=first["next"])
    assert first["items"] + rest["items"] == curve
    assert rest["next"] is None
    assert api.get(path, after=_after_last(api, path))["items"] == []


def _said(trial: dict[str, Any], *, step: int, loss: float) -> dict[str, Any]:
    proof = {"trial": trial["id"], "attempt": trial["attempt"], "token": trial["lease"]["token"]}
    return proof | {"step": step, "metrics": {"loss": loss}}


def _after_last(api: Api, path: str) -> str:
    """The cursor of the last report: steps are wider than 32 bits."""
    from service.api.parameters import cursor

    last = api.get(path)["items"][-1]
    return cursor(last["attempt"], last["step"])


def test_an_enqueued_trial_takes_the_next_number_and_is_claimed_as_given(api: Api) -> None:
    search = api.submit(trials=5)
    response = api.ask("POST", f"/v1/searches/{search}/trials", 201, json={"hyperparameters": {"x": 0.125}})
    trial = response.json()

    assert response.headers["location"] == f"/v1/trials/{trial['id']}"
    assert (trial["number"], trial["origin"], trial["state"]) == (4, "enqueued", "queued")
    assert trial["hyperparameters"] == {"x": 0.125, "kind": "toy"}
    for claimed in api.claim(search):
        api.finish(claimed, metrics={"loss": 1})
    (claimed,) = api.claim(search)
    assert claimed["hyperparameters"] == {"x": 0.125, "kind": "toy"}


def test_an_enqueued_trial_counts_in_the_budget(api: Api) -> None:
    search = api.submit(trials=4)
    path = f"/v1/searches/{search}/trials"
    api.refused("POST", path, 409, "budget_used", json={"hyperparameters": {"x": 0.5}})
    api.ask("PATCH", f"/v1/searches/{search}", json={"trials": 5})
    # The sampler takes the place at once where one is free; here all four are taken.
    assert api.ask("POST", path, 201, json={"hyperparameters": {"x": 0.5}}).json()["number"] == 4


def test_an_idempotency_key_enqueues_once_even_for_many_at_once(api: Api) -> None:
    search = api.submit(trials=20)
    headers = {"Idempotency-Key": "once"}
    path = f"/v1/searches/{search}/trials"

    def enqueue(_: int) -> str:
        body = {"hyperparameters": {"x": 0.5}}
        return str(api.ask("POST", path, 201, json=body, headers=headers).json()["id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(enqueue, range(8)))) == 1
    assert len(api.get(path)["items"]) == 5


@pytest.mark.parametrize(
    ("given", "pointer", "said"),
    [
        ({}, "/hyperparameters/x", "is missing"),
        ({"x": 2}, "/hyperparameters/x", "2 is outside 0.0 … 1.0"),
        ({"x": "0.5"}, "/hyperparameters/x", "'0.5' is not a number"),
        ({"x": True}, "/hyperparameters/x", "True is not a number"),
        ({"x": 0.5, "kidn": "toy"}, "/hyperparameters/kidn", "did you mean kind?"),
        ({"x": 0.5, "kind": "real"}, "/hyperparameters/kind", "is always 'toy' here"),
        ({"x": 0.5, "batch": 3}, "/hyperparameters/batch", "3 is none of 2, 4"),
        ({"x": 0.5, "extra": 1}, "/hyperparameters/extra", "is not active with these other values; leave it out"),
    ],
)
def test_hyperparameters_outside_the_space_are_refused(
    sqlite_api: Api, given: dict[str, Any], pointer: str, said: str
) -> None:
    extra = {"low": 0, "high": 1, "when": {"batch": 4}}
    search = sqlite_api.submit(space={**SPACE, "batch": {"values": [2, 4]}, "extra": extra}, trials=9)
    body = {"hyperparameters": {"batch": 2, **given}}

    problem = sqlite_api.refused("POST", f"/v1/searches/{search}/trials", 422, "invalid_request", json=body)

    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert said in next(error["detail"] for error in problem["errors"] if error["pointer"] == pointer)


def test_a_search_that_ended_takes_no_more_trials(api: Api) -> None:
    search = api.finished([1, 2])
    body = {"hyperparameters": {"x": 0.5}}
    api.refused("POST", f"/v1/searches/{search}/trials", 409, "search_ended", json=body)


def test_a_cancelled_trial_is_taken_from_the_queue_or_from_its_worker(api: Api) -> None:
    search = api.submit()
    running, *_ = api.claim(search, capacity=1)
    queued = api.get(f"/v1/searches/{search}/trials", state="queued")["items"][0]

    for trial in (running, queued):
        shown = api.ask("PATCH", f"/v1/trials/{trial['id']}", json={"state": "cancelled"}).json()
        assert (shown["state"], shown["value"]) == ("cancelled", None)

    assert api.report(running, step=1, metrics={"loss": 1})["reason"] == "cancelled"
    assert queued["id"] not in [trial["id"] for trial in api.claim(search)]
    assert api.search(search)["counts"]["cancelled"] == 2
    api.refused("PATCH", f"/v1/trials/{queued['id']}", 409, "trial_ended", json={"state": "cancelled"})


def test_a_trial_can_only_be_cancelled(sqlite_api: Api) -> None:
    search = sqlite_api.submit()
    trial = sqlite_api.get(f"/v1/searches/{search}/trials")["items"][0]["id"]
    for body in ({"state": "completed"}, {"state": None}, {}, {"state": "cancelled", "value": 1}):
        sqlite_api.refused("PATCH", f"/v1/trials/{trial}", 422, "invalid_request", json=body)
    assert sqlite_api.get(f"/v1/trials/{trial}")["state"] == "queued"
