"""The worker protocol over HTTP: claim, report, finish, as a worker in another language speaks it."""

import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from caviar.processes import stop
from tests.processes import Processes
from tests.service.api.calls import Api, Trial, proof


def test_a_claimed_trial_says_all_that_a_worker_needs(api: Api) -> None:
    search = api.submit(trials=1, seed=3)
    answer = api.ask("POST", "/v1/trials:claim", json=api.claim_request(search, worker="host-1")).json()

    (trial,) = answer["trials"]
    told = api.get(f"/v1/trials/{trial['id']}")
    assert answer["drain"] is False
    assert len(trial["lease"].pop("token")) >= 32
    assert trial == {
        "id": told["id"],
        "search": search,
        "number": 0,
        "attempt": 1,
        "trainer": api.search(search)["spec"]["trainer"],
        "hyperparameters": told["hyperparameters"],
        "seed": trial["seed"],
        "stack": "",
        "dataset": None,
        "resume": None,
        "lease": {"ttl_seconds": 30.0},
    }
    assert (told["state"], told["attempts"][0]["worker"]) == ("running", "host-1")


def test_a_claim_of_networks_names_their_stack_and_the_content_of_their_data(sqlite_api: Api) -> None:
    space = {"batch_size": {"values": [16, 32]}, "epochs": 1}
    search = sqlite_api.submit(trainer="mlp", dataset="iris", metric="dev_accuracy", space=space, trials=16, seed=7)
    trials: list[Trial] = []
    while len(trials) < 4:
        trials += sqlite_api.claim(search)

    assert all(trial["dataset"]["name"] == "iris" and trial["dataset"]["split_seed"] == 7 for trial in trials)
    assert {trial["dataset"]["hash"][:7] for trial in trials} == {"sha256:"}
    assert len({(trial["stack"], trial["hyperparameters"]["batch_size"]) for trial in trials}) == 2
    assert len({trial["stack"] for trial in trials}) == 2
    sqlite_api.ask("DELETE", f"/v1/searches/{search}", 204)


def test_a_claim_holds_one_stack_before_another(sqlite_api: Api) -> None:
    space = {"batch_size": {"values": [16, 32]}, "epochs": 1}
    fields = {"trainer": "mlp", "dataset": "iris", "metric": "dev_accuracy", "space": space}
    search = sqlite_api.submit(**fields, sampler="random", trials=16, parallel=16)
    sizes = [t["hyperparameters"]["batch_size"] for t in sqlite_api.get(f"/v1/searches/{search}/trials")["items"]]
    count = sizes.count(sizes[0])

    first = sqlite_api.claim(search, capacity=count)

    assert len({trial["stack"] for trial in first}) == 1
    assert [trial["number"] for trial in first] == [n for n, size in enumerate(sizes) if size == sizes[0]]
    sqlite_api.ask("DELETE", f"/v1/searches/{search}", 204)


def test_the_same_claim_key_gives_the_same_leases_again(api: Api) -> None:
    search = api.submit()
    request = api.claim_request(search, capacity=3)

    first = api.ask("POST", "/v1/trials:claim", json=request).json()
    again = api.ask("POST", "/v1/trials:claim", json=request).json()
    assert len(first["trials"]) == 3
    assert again == first

    api.finish(first["trials"][0], metrics={"loss": 1})
    assert api.ask("POST", "/v1/trials:claim", json=request).json()["trials"] == first["trials"][1:]


def test_many_claims_at_once_never_give_a_trial_twice(api: Api) -> None:
    search = api.submit(trials=60, parallel=60)
    requests = [api.claim_request(search, capacity=3) for _ in range(30)]

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda request: api.ask("POST", "/v1/trials:claim", json=request).json(), requests)
        ids = [trial["id"] for answer in answers for trial in answer["trials"]]

    assert len(ids) == len(set(ids)) == 60


def test_a_claim_takes_no_more_than_its_share_among_live_workers(api: Api) -> None:
    search = api.submit(trials=8, parallel=8)
    api.ask("PATCH", f"/v1/searches/{search}", json={"state": "paused"})
    for name in ("one", "two"):
        assert api.claim(search, worker=f"{name} of {search}") == []
    api.ask("PATCH", f"/v1/searches/{search}", json={"state": "active"})

    assert len(api.claim(search, worker=f"one of {search}")) == 4
    assert len(api.claim(search, worker=f"one of {search}")) == 1
    assert len(api.claim(search, worker=f"two of {search}")) == 3


def test_no_more_than_parallel_trials_are_open_at_once(api: Api) -> None:
    search = api.submit(trials=100, parallel=3)
    assert len(api.claim(search)) == 3
    assert api.claim(search) == []
    assert sum(api.search(search)["counts"].values()) == 3


def test_a_worker_gets_only_what_it_offers(api: Api) -> None:
    search = api.submit()
    assert api.claim(search, trainers=["another"]) == []
    api.refused("POST", "/v1/trials:claim", 404, "not_found", json=api.claim_request(search, search="999999"))
    problem = api.refused("POST", "/v1/trials:claim", 404, "not_found", json=api.claim_request(search, search="nine"))
    assert problem["detail"] == "there is no search 'nine'; GET /v1/searches lists them"


def test_workers_that_come_together_share_what_is_there(api: Api) -> None:
    search = api.submit(trials=8, parallel=8)

    def taken_by(name: str) -> int:
        request = api.claim_request(search, worker=f"{name} of {search}")
        return len(api.ask("POST", "/v1/trials:claim", json=request, headers={"Prefer": "wait=20"}).json()["trials"])

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(taken_by, ["one", "two"])) == [4, 4]


def test_a_waiting_claim_is_answered_when_trials_appear(api: Api) -> None:
    trainer = api.new_name("trainer")
    request = {"worker": f"of {trainer}", "trainers": [trainer]}
    delays = []
    for number in range(3):
        with ThreadPoolExecutor(1) as pool:
            poll = pool.submit(
                api.http.post,
                "/v1/trials:claim",
                json=request | {"claim_key": f"{trainer}-{number}-of-many"},
                headers={"Prefer": "wait=20"},
            )
            _until_known(api, f"of {trainer}")
            assert not wait([poll], timeout=0.1).done
            start = time.monotonic()
            search = api.submit(trainer=trainer, trials=1)
            (trial,) = poll.result(20).json()["trials"]
            delays.append(time.monotonic() - start)
        assert trial["search"] == search
    assert max(delays) < 1.0
    assert min(delays) < 0.3  # told of it, before the watcher would look


def test_a_waiting_claim_is_answered_when_a_trial_comes_back(api: Api) -> None:
    search = api.submit(trials=1)
    (trial,) = api.claim(search)
    request = api.claim_request(search)
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(api.http.post, "/v1/trials:claim", json=request, headers={"Prefer": "wait=20"})
        api.finish(trial, "returned")
        assert [again["attempt"] for again in poll.result(20).json()["trials"]] == [2]


def test_a_claim_that_waits_in_vain_is_empty(api: Api) -> None:
    search = api.submit(trials=1)
    api.claim(search)
    start = time.monotonic()
    answer = api.ask("POST", "/v1/trials:claim", json=api.claim_request(search), headers={"Prefer": "wait=0.3"})
    assert answer.json() == {"trials": [], "drain": False}
    assert 0.3 <= time.monotonic() - start < 2.0


def test_a_repeated_claim_ends_the_poll_that_was_left_behind(api: Api) -> None:
    trainer = api.new_name("trainer")
    request = {"worker": f"of {trainer}", "trainers": [trainer], "claim_key": f"{trainer}-asked-twice"}
    with ThreadPoolExecutor(1) as pool:
        left_behind = pool.submit(api.http.post, "/v1/trials:claim", json=request, headers={"Prefer": "wait=20"})
        _until_known(api, f"of {trainer}")
        assert api.ask("POST", "/v1/trials:claim", json=request).json()["trials"] == []
        search = api.submit(trainer=trainer, trials=1)
        assert left_behind.result(5).json()["trials"] == []
    assert api.search(search)["counts"]["queued"] == 1


def _until_known(api: Api, worker: str) -> None:
    deadline = time.monotonic() + 10
    while not any(item["name"] == worker for item in api.get("/v1/workers", limit=1000)["items"]):
        assert time.monotonic() < deadline, f"{worker} did not reach the server"


def test_a_waiting_claim_does_not_keep_the_server_from_stopping(processes: Processes, tmp_path: Path) -> None:
    server = processes.server(f"sqlite:///{tmp_path / 'caviar.db'}")
    with Api(server.url) as api, ThreadPoolExecutor(1) as pool:
        request = {"worker": "patient", "trainers": ["any"], "claim_key": "0123456789abcdef"}
        poll = pool.submit(api.http.post, "/v1/trials:claim", json=request, headers={"Prefer": "wait=60"})
        _until_known(api, "patient")
        start = time.monotonic()
        stop([server.process])
        seconds = time.monotonic() - start

        assert poll.result(1).json()["trials"] == []
    assert seconds < 3.0


def test_a_report_renews_the_lease_and_is_accepted_twice(api: Api) -> None:
    trial = api.claim(api.submit())[0]
    ok = {"trial": trial["id"], "status": "ok", "ttl_seconds": 30.0}
    assert api.report(trial) == ok
    assert api.report(trial, step=1, metrics={"loss": 0.5}) == ok
    assert api.report(trial, step=1, metrics={"loss": 0.5}) == ok


def test_a_step_that_was_reported_otherwise_before_is_refused(api: Api) -> None:
    trial = api.claim(api.submit())[0]
    api.report(trial, step=1, metrics={"loss": 0.5})
    assert api.report(trial, step=1, metrics={"loss": 0.6})["code"] == "metric_conflict"
    assert api.report(trial, metrics={"loss": 0.6})["code"] == "step_missing"
    assert [r["metrics"] for r in api.get(f"/v1/trials/{trial['id']}/reports")["items"]] == [{"loss": 0.5}]


def test_the_same_finish_twice_is_ok_twice_and_another_is_refused(api: Api) -> None:
    search = api.submit()
    trial = api.claim(search)[0]
    ok = {"trial": trial["id"], "status": "ok"}
    assert api.finish(trial, metrics={"loss": 0.5}) == ok
    assert api.finish(trial, metrics={"loss": 0.5}) == ok
    assert api.finish(trial, metrics={"loss": 0.1})["code"] == "finish_conflict"
    assert api.finish(trial, "failed")["code"] == "finish_conflict"
    assert api.search(search)["counts"]["completed"] == 1
    assert api.get(f"/v1/trials/{trial['id']}")["value"] == 0.5


def test_the_value_is_the_metric_of_the_finish_or_else_of_the_last_report(api: Api) -> None:
    search = api.submit()
    first, second, *_ = api.claim(search)
    for trial in (first, second):
        api.report(trial, step=1, metrics={"loss": 3, "early": 1})
        api.report(trial, step=2, metrics={"loss": 2})
    api.finish(first, metrics={"loss": 1})
    api.finish(second, metrics={"test_loss": 5})

    assert api.get(f"/v1/trials/{first['id']}")["metrics"] == {"loss": 1.0}
    assert api.get(f"/v1/trials/{second['id']}")["metrics"] == {"loss": 2.0, "test_loss": 5.0}
    assert api.get(f"/v1/trials/{second['id']}")["value"] == 2.0


def test_only_the_holder_of_the_lease_may_speak(api: Api) -> None:
    search = api.submit()
    mine, other, *_ = api.claim(search)
    wrong: list[Trial] = [
        mine | {"lease": other["lease"]},
        mine | {"attempt": 2},
        mine | {"id": other["id"]},
        mine | {"id": "99999999"},
        mine | {"id": "one"},
    ]
    for trial in wrong:
        assert api.report(trial, step=1, metrics={"loss": 0})["status"] == "lost"
        assert api.finish(trial, metrics={"loss": 0})["status"] == "lost"
    assert api.search(search)["counts"]["running"] == 4
    assert api.get(f"/v1/trials/{mine['id']}/reports")["items"] == []


def test_a_bad_item_never_fails_the_others(api: Api) -> None:
    search = api.submit()
    good, bad, *_ = api.claim(search)
    wrong: list[Any] = [
        None,
        7,
        {},
        proof(bad) | {"attempt": "one"},
        proof(bad) | {"trial": 31},
        proof(bad) | {"step": -1},
        proof(bad) | {"step": 2**60, "metrics": {"loss": 1}},
        proof(bad) | {"step": 1, "metrics": {"loss": "much"}},
        proof(bad) | {"step": 1, "metrics": {"no name!": 1}},
        proof(bad) | {"step": 1, "metrics": {"loss": True}},
    ]

    results = api.reports([*wrong, proof(good) | {"step": 1, "metrics": {"loss": 1}}])

    assert [result["status"] for result in results] == ["refused"] * len(wrong) + ["ok"]
    assert {result["code"] for result in results[:-1]} == {"invalid_item"}
    finishes = [proof(bad) | {"outcome": "complete"}, proof(good) | {"outcome": "completed", "metrics": {"loss": 1}}]
    refused, ok = api.finishes(finishes)
    assert (refused["status"], refused["trial"], ok["status"]) == ("refused", bad["id"], "ok")
    assert "did you mean completed?" in refused["detail"]


def test_unknown_fields_of_a_newer_worker_are_ignored(api: Api) -> None:
    search = api.submit()
    trial = api.claim(search, colour="red", features=["stop", "keep"], about={"gpu": None})[0]
    assert api.report(trial, step=1, metrics={"loss": 1}, mood="good")["status"] == "ok"
    assert api.finish(trial, metrics={"loss": 1}, mood="good")["status"] == "ok"


def test_a_silent_worker_loses_its_trial_and_its_late_word_changes_nothing(
    processes: Processes, tmp_path: Path
) -> None:
    server = processes.server(f"sqlite:///{tmp_path / 'caviar.db'}", CAVIAR_LEASE_TTL_SECONDS="0.5")
    with Api(server.url) as api:
        search = api.submit(trials=1)
        (late,) = api.claim(search, worker="late")
        start = time.monotonic()
        (trial,) = api.ask(
            "POST", "/v1/trials:claim", json=api.claim_request(search, worker="next"), headers={"Prefer": "wait=20"}
        ).json()["trials"]
        seconds = time.monotonic() - start

        assert (trial["id"], trial["attempt"]) == (late["id"], 2)
        assert 0.5 <= seconds < 5
        assert api.finish(late, metrics={"loss": 0})["status"] == "lost"
        assert api.finish(trial, metrics={"loss": 1})["status"] == "ok"
        shown = api.get(f"/v1/trials/{trial['id']}")
        assert (shown["value"], [a["outcome"] for a in shown["attempts"]]) == (1.0, ["lost", "completed"])
