"""/v1/searches/{id}/importances: what mattered in a search that ran."""

import pytest

from caviar import Client
from tests.service.api.calls import Api, proof

SPACE = {"x": {"low": 0.0, "high": 1.0}, "idle": {"low": 1, "high": 100, "type": "int"}, "kind": "toy"}


def played(api: Api, *, trials: int) -> str:
    """A search of which only x decides the loss."""
    search = api.submit(space=SPACE, trials=trials, parallel=trials)
    claimed = api.claim(search)
    results = [{"outcome": "completed", "metrics": {"loss": trial["hyperparameters"]["x"]}} for trial in claimed]
    api.finishes([proof(trial) | result for trial, result in zip(claimed, results, strict=True)])
    return search


def test_the_parameter_that_decides_comes_first_and_shares_sum_to_one(api: Api) -> None:
    found = api.get(f"/v1/searches/{played(api, trials=60)}/importances")

    assert [item["parameter"] for item in found["items"]] == ["x", "idle"]
    assert [item["trials"] for item in found["items"]] == [60, 60]
    assert found["items"][0]["importance"] > 0.95
    assert sum(item["importance"] for item in found["items"]) == pytest.approx(1)
    assert (found["seen"], found["method"], found["note"]) == (60, "additive", None)
    assert found["explained"] > 0.9


def test_the_client_reads_them(api: Api) -> None:
    search = played(api, trials=60)
    with Client(api.url) as client:
        assert client.importances(search).model_dump() == api.get(f"/v1/searches/{search}/importances")


def test_a_search_with_few_results_says_what_is_missing(api: Api) -> None:
    assert api.get(f"/v1/searches/{api.submit()}/importances") == {
        "items": [],
        "seen": 0,
        "method": "additive",
        "explained": None,
        "note": "importances need 10 results; there are 0 so far",
    }


@pytest.mark.parametrize("search", ["987654", "no-id"])
def test_a_search_that_does_not_exist_is_not_found(api: Api, search: str) -> None:
    api.refused("GET", f"/v1/searches/{search}/importances", 404, "not_found")
