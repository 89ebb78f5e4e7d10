"""/v1/workers."""

from tests.service.api.calls import Api


def test_a_worker_is_listed_with_what_it_offers_and_holds(api: Api) -> None:
    search = api.submit()
    name = f"worker of search {search}"
    trials = api.claim(search, worker=name, capacity=2, about={"host": "here", "pid": 7})
    api.finish(trials[0], metrics={"loss": 1})

    (worker,) = [item for item in api.get("/v1/workers", limit=1000)["items"] if item["name"] == name]

    assert worker["first_seen_at"] <= worker.pop("seen_at")
    assert worker | {"first_seen_at": "…"} == {
        "name": name,
        "alive": True,
        "trainers": [api.search(search)["spec"]["trainer"]],
        "capacity": 2,
        "running": [trials[1]["id"]],
        "about": {"host": "here", "pid": 7},
        "first_seen_at": "…",
    }


def test_what_a_worker_offers_now_counts(api: Api) -> None:
    search = api.submit()
    name = f"changing worker of search {search}"
    for trainers in (["a", "b"], ["b", "c"]):
        api.claim(search, worker=name, trainers=trainers)
    (worker,) = [item for item in api.get("/v1/workers", limit=1000)["items"] if item["name"] == name]
    assert worker["trainers"] == ["b", "c"]


def test_workers_are_paged_by_name(api: Api) -> None:
    search = api.submit()
    for letter in "cab":
        api.claim(search, worker=f"{letter} of {search}")
    whole = [worker["name"] for worker in api.get("/v1/workers", limit=1000)["items"]]
    assert whole == sorted(whole)

    page = api.get("/v1/workers", limit=2)
    names = [worker["name"] for worker in page["items"]]
    while page["next"] is not None:
        page = api.get("/v1/workers", limit=2, after=page["next"])
        names += [worker["name"] for worker in page["items"]]
    assert names == whole
