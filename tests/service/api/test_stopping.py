"""Stopping rules as a program sees them: what a report is answered, what a trial and a round show."""

from typing import Any

from tests.service.api.calls import Api

MEDIAN = {"name": "median", "min_trials": 1}


def zoom(api: Api, **fields: Any) -> str:
    """The id of a search in rounds of one trial, each measured by those before."""
    return api.submit(**({"sampler": "zoom", "stopping": MEDIAN, "trials": 4, "parallel": 1} | fields))


def finished(api: Api, search: str, *, loss: float) -> None:
    """The next trial runs to its end, with one report."""
    (trial,) = api.claim(search)
    api.report(trial, step=1, metrics={"loss": loss})
    assert api.finish(trial)["status"] == "ok"


def test_a_stopped_trial_shows_its_step_and_the_reason_and_the_next_one_is_there(api: Api) -> None:
    search = zoom(api)
    finished(api, search, loss=0.5)
    (trial,) = api.claim(search, features=["stop"])
    assert api.report(trial, step=1, metrics={"loss": 0.75, "accuracy": 0.5})["status"] == "stop"

    shown = api.get(f"/v1/trials/{trial['id']}")
    assert (shown["state"], shown["value"], shown["metrics"]) == ("stopped", 0.75, {"loss": 0.75, "accuracy": 0.5})
    reason = "its best so far, 0.75, is worse than 0.5, the median of 1 finished trials"
    assert shown["stopped"] == {"step": 1, "reason": f"stopped by median at step 1: {reason}"}
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["stopped"]
    listed = api.get(f"/v1/searches/{search}/trials", state="stopped")["items"]
    assert [item["id"] for item in listed] == [trial["id"]]
    board = api.get(f"/v1/searches/{search}/leaderboard")["items"]
    assert [(row["state"], row["value"]) for row in board] == [("completed", 0.5), ("stopped", 0.75)]
    assert api.search(search)["counts"]["stopped"] == 1
    assert len(api.claim(search)) == 1


def test_a_trial_that_ran_to_its_end_was_not_stopped(api: Api) -> None:
    search = zoom(api)
    finished(api, search, loss=0.5)
    assert api.get(f"/v1/searches/{search}/trials")["items"][0]["stopped"] is None


def test_every_later_report_of_a_worker_that_knows_stop_is_told_so_and_its_finish_is_ok(api: Api) -> None:
    search = zoom(api)
    finished(api, search, loss=0.5)
    (trial,) = api.claim(search, features=["stop"])
    told = [api.report(trial, step=step, metrics={"loss": 0.75}) for step in (1, 1, 2)] + [api.report(trial)]
    assert told == [{"trial": trial["id"], "status": "stop", "reason": "stopped"}] * 4
    assert api.finish(trial, metrics={"loss": 0.0}) == {"trial": trial["id"], "status": "ok"}
    assert api.get(f"/v1/trials/{trial['id']}")["value"] == 0.75


def test_a_worker_that_does_not_know_stop_hears_nothing_of_it(api: Api) -> None:
    search = zoom(api)
    finished(api, search, loss=0.5)
    (trial,) = api.claim(search)
    told = [api.report(trial, step=step, metrics={"loss": 0.75}) for step in (1, 2)] + [api.report(trial)]
    assert told == [{"trial": trial["id"], "status": "ok", "ttl_seconds": told[0]["ttl_seconds"]}] * 3
    assert api.finish(trial, metrics={"loss": 0.0})["status"] == "ok"
    shown = api.get(f"/v1/trials/{trial['id']}")
    assert (shown["state"], shown["value"]) == ("stopped", 0.75)
    assert [report["step"] for report in api.get(f"/v1/trials/{trial['id']}/reports")["items"]] == [1]


def test_rounds_show_their_cutoffs_as_the_user_measures_them(api: Api) -> None:
    search = zoom(api, goal="maximize")
    for loss in (0.0, 0.5):
        finished(api, search, loss=loss)
    rounds = api.get(f"/v1/searches/{search}/rounds")["items"]
    assert [made["cutoffs"] for made in rounds] == [{}, {"1": 0.0}, {"1": 0.25}]
    without = api.submit(sampler="zoom")
    assert api.get(f"/v1/searches/{without}/rounds")["items"][0]["cutoffs"] is None
