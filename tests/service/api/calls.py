"""The HTTP interface as a program in any language speaks to it: plain JSON, none of our models."""

from itertools import count
from typing import Any, Self

import httpx

PROBLEM = "application/problem+json"
SPACE: dict[str, Any] = {"x": {"low": 0.0, "high": 1.0}, "kind": "toy"}
Trial = dict[str, Any]
"""A claimed trial, as the server gave it."""


class Api:
    """One server. Every search that it submits has a trainer of its own, so that tests do not meet in the queue."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=30.0, trust_env=False)
        self._numbers = count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    @property
    def url(self) -> str:
        return str(self.http.base_url).rstrip("/")

    def ask(self, method: str, path: str, status: int = 200, **call: Any) -> httpx.Response:
        response = self.http.request(method, path, **call)
        assert response.status_code == status, f"{response.status_code}: {response.text}"
        return response

    def get(self, path: str, **params: Any) -> Any:
        return self.ask("GET", path, params=params).json()

    def refused(self, method: str, path: str, status: int, code: str, **call: Any) -> dict[str, Any]:
        """The problem, checked for its form."""
        response = self.ask(method, path, status, **call)
        problem: dict[str, Any] = response.json()
        assert response.headers["content-type"] == PROBLEM
        assert (problem["status"], problem["code"]) == (status, code)
        assert problem["type"] == "about:blank"
        assert problem["title"]
        assert problem["detail"]
        return problem

    def new_name(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers)}"

    def spec(self, **fields: Any) -> dict[str, Any]:
        """A search that draws all of its trials at once, for a trainer that only this test knows."""
        plain = {"metric": "loss", "goal": "minimize", "space": SPACE, "sampler": "random", "trials": 4, "parallel": 4}
        return {"trainer": self.new_name("trainer"), **plain, **fields}

    def submit(self, **fields: Any) -> str:
        """The id of a new search."""
        return str(self.ask("POST", "/v1/searches", 201, json=self.spec(**fields)).json()["id"])

    def search(self, search: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/v1/searches/{search}")
        return found

    def claim_request(self, search: str, /, **fields: Any) -> dict[str, Any]:
        """By the one worker that offers what this search needs; it takes all it may."""
        trainer = self.search(search)["spec"]["trainer"]
        plain = {"worker": f"worker of {trainer}", "capacity": 1000, "trainers": [trainer], "search": search}
        return {**plain, "claim_key": f"{self.new_name('claim-key'):0>32}", **fields}

    def claim(self, search: str, /, **fields: Any) -> list[Trial]:
        answer = self.ask("POST", "/v1/trials:claim", json=self.claim_request(search, **fields)).json()
        trials: list[Trial] = answer["trials"]
        return trials

    def report(self, trial: Trial, **fields: Any) -> dict[str, Any]:
        """The result of one report."""
        return self.reports([proof(trial) | fields])[0]

    def reports(self, items: list[Any]) -> list[dict[str, Any]]:
        answer = self.ask("POST", "/v1/trials:report", json={"reports": items}).json()
        results: list[dict[str, Any]] = answer["results"]
        return results

    def finish(self, trial: Trial, outcome: str = "completed", **fields: Any) -> dict[str, Any]:
        """The result of one finish."""
        return self.finishes([proof(trial) | {"outcome": outcome} | fields])[0]

    def finishes(self, items: list[Any]) -> list[dict[str, Any]]:
        answer = self.ask("POST", "/v1/trials:finish", json={"outcomes": items}).json()
        results: list[dict[str, Any]] = answer["results"]
        return results

    def finished(self, values: list[Any], **fields: Any) -> str:
        """The id of a search whose trials have these values, by number."""
        search = self.submit(**{"trials": len(values), "parallel": len(values), **fields})
        while trials := self.claim(search):
            outcome = {"outcome": "completed"}
            items = [proof(trial) | outcome | {"metrics": {"loss": values[trial["number"]]}} for trial in trials]
            assert {result["status"] for result in self.finishes(items)} == {"ok"}
        return search


def proof(trial: Trial) -> dict[str, Any]:
    return {"trial": trial["id"], "attempt": trial["attempt"], "token": trial["lease"]["token"]}
