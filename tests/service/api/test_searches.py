"""/v1/searches: submit, look at, change and delete searches; their rounds."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.processes import Processes
from tests.service.api.calls import Api


def test_a_submitted_search_is_created_at_its_location(api: Api) -> None:
    response = api.ask("POST", "/v1/searches", 201, json=api.spec(name="first", trials=6, notes="mine", priority=3))
    search = response.json()

    assert response.headers["location"] == f"/v1/searches/{search['id']}"
    shown = api.get(response.headers["location"])
    assert {name: shown[name] for name in ("name", "state", "trials", "notes", "priority", "best", "dataset")} == {
        "name": "first",
        "state": "active",
        "trials": 6,
        "notes": "mine",
        "priority": 3,
        "best": None,
        "dataset": None,
    }
    assert shown["counts"] == {"queued": 4, "running": 0, "completed": 0, "stopped": 0, "failed": 0, "cancelled": 0}
    assert shown["created_at"].endswith("Z")
    assert shown["spec"]["space"]["x"] == {"low": 0.0, "high": 1.0, "scale": "linear", "type": "float"}


def test_a_dry_run_draws_what_the_search_will_draw_and_keeps_nothing(api: Api) -> None:
    newest = api.submit()
    spec = api.spec(trials=3)

    draws = api.ask("POST", "/v1/searches", json=spec, params={"dry_run": "true"}).json()["draws"]

    assert api.get("/v1/searches", limit=1)["items"][0]["id"] == newest
    search = api.ask("POST", "/v1/searches", 201, json=spec).json()["id"]
    assert [trial["hyperparameters"] for trial in api.get(f"/v1/searches/{search}/trials")["items"]] == draws


def test_the_same_idempotency_key_gives_the_same_search_even_to_many_at_once(api: Api) -> None:
    spec, headers = api.spec(), {"Idempotency-Key": api.new_name("key")}

    def submit(_: int) -> str:
        return str(api.ask("POST", "/v1/searches", 201, json=spec, headers=headers).json()["id"])

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(submit, range(8)))

    assert len(ids) == 1
    api.refused("POST", "/v1/searches", 422, "idempotency_mismatch", json=spec | {"seed": 1}, headers=headers)


def test_the_list_of_searches_is_paged_newest_first(api: Api) -> None:
    ids = [api.submit() for _ in range(5)]

    pages = [api.get("/v1/searches", limit=2)]
    while len(pages) < 3:
        pages.append(api.get("/v1/searches", limit=2, after=pages[-1]["next"]))

    assert [item["id"] for page in pages for item in page["items"]][:5] == ids[::-1]


def test_the_last_page_has_no_next(api: Api) -> None:
    api.submit()
    assert api.get("/v1/searches", limit=1000)["next"] is None


def test_a_paused_search_hands_out_nothing_until_it_is_resumed(api: Api) -> None:
    search = api.submit()

    paused = api.ask("PATCH", f"/v1/searches/{search}", json={"state": "paused"}).json()
    assert paused["state"] == "paused"
    assert paused["waits_for"] == f"it is paused; resume it with: caviar resume {search}"
    assert api.claim(search) == []

    assert api.ask("PATCH", f"/v1/searches/{search}", json={"state": "active"}).json()["state"] == "active"
    assert len(api.claim(search)) == 4


def test_what_runs_when_a_search_is_paused_may_finish(api: Api) -> None:
    search = api.submit(trials=8)
    running = api.claim(search)
    api.ask("PATCH", f"/v1/searches/{search}", json={"state": "paused"})

    assert [api.finish(trial, metrics={"loss": 1})["status"] for trial in running] == ["ok"] * 4
    assert api.search(search)["counts"]["completed"] == 4
    assert api.claim(search) == []


def test_cancelling_a_search_ends_its_open_trials_and_tells_their_workers(api: Api) -> None:
    search = api.submit(trials=9)
    done, *running = api.claim(search, capacity=3)
    api.finish(done, metrics={"loss": 1})

    cancelled = api.ask("PATCH", f"/v1/searches/{search}", json={"state": "cancelled"}).json()

    assert cancelled["state"] == "cancelled"
    assert cancelled["finished_at"] is not None
    assert cancelled["counts"] == {"queued": 0, "running": 0, "completed": 1, "stopped": 0, "failed": 0, "cancelled": 4}
    for trial in running:
        assert api.report(trial) == {"trial": trial["id"], "status": "stop", "reason": "cancelled"}
        assert api.finish(trial, metrics={"loss": 0})["status"] == "stop"
    assert [row["id"] for row in api.get(f"/v1/searches/{search}/leaderboard")["items"]] == [done["id"]]
    api.refused("PATCH", f"/v1/searches/{search}", 409, "search_ended", json={"state": "active"})
    api.refused("PATCH", f"/v1/searches/{search}", 409, "search_ended", json={"trials": 20})


def test_extending_a_completed_search_makes_it_active_again_and_appends(api: Api) -> None:
    search = api.finished([3, 1, 2])
    assert api.search(search)["state"] == "completed"

    extended = api.ask("PATCH", f"/v1/searches/{search}", json={"trials": 5}).json()

    assert (extended["state"], extended["trials"], extended["finished_at"]) == ("active", 5, None)
    assert [trial["number"] for trial in api.claim(search)] == [3, 4]


def test_the_budget_cannot_fall_below_what_is_numbered(api: Api) -> None:
    search = api.submit()
    problem = api.refused("PATCH", f"/v1/searches/{search}", 422, "invalid_request", json={"trials": 3})
    assert "4 trials already exist" in problem["detail"]


def test_name_notes_and_priority_change_together(api: Api) -> None:
    search = api.submit()
    change = {"name": "renamed", "notes": "zeile 1\nzeile 2 ✓", "priority": -7}
    api.ask("PATCH", f"/v1/searches/{search}", json=change)
    shown = api.search(search)
    assert {name: shown[name] for name in change} == change


def test_a_refused_part_of_a_change_leaves_the_whole_undone(api: Api) -> None:
    search = api.submit(name="before")
    api.refused("PATCH", f"/v1/searches/{search}", 422, "invalid_request", json={"name": "after", "trials": 1})
    assert api.search(search)["name"] == "before"


@pytest.mark.parametrize(
    ("change", "pointer", "said"),
    [
        ({"stat": "paused"}, "/stat", "is not known here"),
        ({"state": "completed"}, "/state", "choose from active, cancelled, paused"),
        ({"state": "pausd"}, "/state", "did you mean paused?"),
        ({"trials": 0}, "/trials", "must be at least 1"),
        ({"priority": 101}, "/priority", "must be at most 100"),
        ({"name": "two\nlines"}, "/name", "must be one line"),
        ({"notes": "a\0b"}, "/notes", "must not hold the character NUL"),
    ],
)
def test_a_change_of_what_cannot_change_is_refused(
    sqlite_api: Api, change: dict[str, object], pointer: str, said: str
) -> None:
    search = sqlite_api.submit()
    problem = sqlite_api.refused("PATCH", f"/v1/searches/{search}", 422, "invalid_request", json=change)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert said in problem["errors"][0]["detail"]


def test_the_search_of_higher_priority_is_served_first(api: Api) -> None:
    trainer = api.new_name("trainer")
    early, late = api.submit(trainer=trainer), api.submit(trainer=trainer, priority=1)

    assert {trial["search"] for trial in api.claim(late, search=None, capacity=4)} == {late}
    api.ask("PATCH", f"/v1/searches/{early}", json={"priority": 5})
    assert {trial["search"] for trial in api.claim(early, search=None, capacity=4)} == {early}


def test_a_deleted_search_is_gone_with_its_trials_and_its_worker_hears_of_it(api: Api) -> None:
    search = api.submit()
    trial = api.claim(search)[0]

    assert api.ask("DELETE", f"/v1/searches/{search}", 204).content == b""

    api.refused("GET", f"/v1/searches/{search}", 404, "not_found")
    api.refused("GET", f"/v1/searches/{search}/leaderboard", 404, "not_found")
    api.refused("GET", f"/v1/trials/{trial['id']}", 404, "not_found")
    api.refused("DELETE", f"/v1/searches/{search}", 404, "not_found")
    assert api.report(trial)["status"] == "lost"


def test_a_search_says_when_no_live_worker_offers_its_trainer(api: Api) -> None:
    search = api.submit()
    trainer = api.search(search)["spec"]["trainer"]
    assert api.search(search)["waits_for"] == (
        f"no live worker offers trainer {trainer}; start one with: a worker that was given the trainer {trainer}"
    )

    api.claim(search, capacity=1)

    assert api.search(search)["waits_for"] is None


def test_a_search_without_a_worker_for_networks_says_how_to_start_one(processes: Processes, tmp_path: Path) -> None:
    with Api(processes.server(f"sqlite:///{tmp_path / 'caviar.db'}").url) as api:
        search = api.submit(trainer="mlp", dataset="iris", metric="dev_accuracy", space={"epochs": 1})
        said = api.search(search)["waits_for"]
    assert said == "no live worker offers trainer mlp; start one with: caviar worker URL"


def test_a_zoom_that_waits_for_a_straggler_says_for_which_round(api: Api) -> None:
    search = api.submit(sampler="zoom", trials=20, parallel=4)
    straggler, *others = api.claim(search)
    for trial in others:
        api.finish(trial, metrics={"loss": 1})

    assert api.search(search)["waits_for"] == "round 2 begins when the last trial of round 0 has finished"
    api.finish(straggler, metrics={"loss": 1})
    assert api.search(search)["waits_for"] is None


def test_progress_and_the_best_so_far_follow_the_results(api: Api) -> None:
    search = api.submit(trials=8)
    trials = api.claim(search)
    for trial, loss in zip(trials, ["NaN", 2.0, 0.5, 1.0], strict=True):
        api.finish(trial, metrics={"loss": loss})

    shown = api.search(search)
    assert {name: shown["best"][name] for name in ("trial", "number", "value")} == {
        "trial": trials[2]["id"],
        "number": 2,
        "value": 0.5,
    }
    assert shown["best"]["hyperparameters"] == trials[2]["hyperparameters"]
    assert (shown["progress"]["finished"], shown["progress"]["fraction"]) == (4, 0.5)
    assert shown["progress"]["seconds_left"] > 0


def test_a_search_whose_first_trials_all_fail_is_failed(api: Api) -> None:
    search = api.submit(trials=500, parallel=1)
    for _ in range(5):
        api.finish(api.claim(search)[0], "failed", error="ImportError: no module named numpyy")

    shown = api.search(search)
    assert (shown["state"], shown["counts"]["failed"]) == ("failed", 5)
    assert shown["counts"]["queued"] == 0


def test_a_search_is_completed_when_its_target_is_reached(api: Api) -> None:
    search = api.submit(target=0.25, trials=100)
    hit, *others = api.claim(search)
    api.finish(hit, metrics={"loss": 0.25})

    assert api.search(search)["state"] == "completed"
    assert {api.report(trial)["status"] for trial in others} == {"stop"}


def test_rounds_tell_the_history_of_the_zoom_page_by_page(api: Api) -> None:
    search = api.submit(sampler={"name": "zoom", "confirm": 0}, trials=24, parallel=4)
    while trials := api.claim(search):
        for trial in trials:
            api.finish(trial, metrics={"loss": trial["hyperparameters"]["x"]})

    rounds = api.get(f"/v1/searches/{search}/rounds")["items"]
    assert [(r["round"], r["first"], r["size"], r["seen"]) for r in rounds] == [
        (number, 2 * number, 2, max(0, 2 * (number - 1))) for number in range(12)
    ]
    assert rounds[0] | {"reason": "…"} == {
        "round": 0,
        "first": 0,
        "size": 2,
        "seen": 0,
        "reason": "…",
        "best": None,
        "box": {"x": {"low": 0.0, "high": 1.0}},
        "cutoffs": None,
        "hints": [],
    }
    assert rounds[-1]["box"]["x"]["high"] < 1.0
    best = min(api.get(f"/v1/searches/{search}/trials", limit=20)["items"], key=lambda trial: trial["value"])
    assert rounds[-1]["best"] == {"trial": best["number"], "value": best["value"]}

    first = api.get(f"/v1/searches/{search}/rounds", limit=4)
    second = api.get(f"/v1/searches/{search}/rounds", limit=8, after=first["next"])
    assert first["items"] + second["items"] == rounds
    assert second["next"] is None


def test_a_search_is_repeated_with_another_seed(api: Api) -> None:
    first = api.ask("POST", "/v1/searches", 201, json=api.spec(seed=3)).json()
    answer = api.ask("POST", f"/v1/searches/{first['id']}/repeat", 201, json={})
    second = answer.json()
    assert answer.headers["location"] == f"/v1/searches/{second['id']}"
    assert (second["spec"], second["parent"]) == ({**first["spec"], "seed": 4}, first["id"])
    given = api.ask("POST", f"/v1/searches/{first['id']}/repeat", 201, json={"seed": 9}).json()
    assert given["spec"]["seed"] == 9
    api.refused("POST", "/v1/searches/999999/repeat", 404, "not_found", json={})
    api.refused("POST", f"/v1/searches/{first['id']}/repeat", 422, "invalid_request", json={"seed": -1})


def test_leaders_that_were_run_again_show_what_came_of_it(api: Api) -> None:
    """A finite space of two points, each run once, then both again: the values tell how far luck carries."""
    spec = api.spec(
        space={"x": {"values": [0, 1]}}, trials=30, parallel=1, goal="maximize", sampler={"name": "zoom", "confirm": 2}
    )
    search = api.ask("POST", "/v1/searches", 201, json=spec).json()["id"]
    values = iter([0.5, 0.9, 0.7, 0.6])
    while trials := api.claim(search):
        api.finish(trials[0], metrics={"loss": next(values)})

    found = api.get(f"/v1/searches/{search}/trials")["items"]
    assert [(trial["origin"], trial["number"]) for trial in found][2:] == [("confirm", 2), ("confirm", 3)]
    assert [trial["parent"] for trial in found[2:]] == [found[1]["id"], found[0]["id"]]
    leader = api.get(f"/v1/trials/{found[1]['id']}")["confirmed"]
    assert (leader["runs"], leader["mean"]) == (2, pytest.approx(0.8))
    assert 0 < leader["luck"] < 0.5
    assert api.get(f"/v1/trials/{found[2]['id']}")["confirmed"] is None
    shown = api.get(f"/v1/searches/{search}")
    assert (shown["state"], shown["trials"]) == ("completed", 4)


def test_a_search_whose_best_lie_at_an_end_says_so(api: Api) -> None:
    spec = api.spec(space={"x": {"low": 0.0, "high": 1.0}}, trials=40, parallel=2, goal="maximize", sampler="zoom")
    search = api.ask("POST", "/v1/searches", 201, json=spec).json()["id"]
    while trials := api.claim(search):
        for trial in trials:
            api.finish(trial, metrics={"loss": trial["hyperparameters"]["x"]})
    assert api.get(f"/v1/searches/{search}")["hints"] == ["x: the best lie at its upper end; widen the range?"]
