"""A lean worker: the standard library's HTTP client on one connection that is kept, and the protocol's three calls.

`http.client` sets TCP_NODELAY when it connects, so that a body does not wait for the acknowledgement of its headers.
"""

import json
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from secrets import token_hex
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from bench.queue_cost.toy import METRIC, loss

Json = dict[str, Any]
TIMEOUT_SECONDS = 60.0


class Line:
    """One connection to a server. Raises RuntimeError for an answer that is not 200."""

    def __init__(self, url: str) -> None:
        self._http = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        self._http.request("GET", path)
        return self._answer(path)

    def post(self, path: str, body: Json) -> Any:
        self._http.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        return self._answer(path)

    def _answer(self, path: str) -> Any:
        response = self._http.getresponse()
        said = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} was answered {response.status}: {said.decode()}")
        return json.loads(said)

    def claim(self, search: str, *, worker: str, trainer: str, capacity: int = 1) -> list[Json]:
        """Raises RuntimeError when there are not as many trials as were asked for."""
        trials: list[Json] = self.post(
            "/v1/trials:claim", claim_body(search, worker=worker, trainer=trainer, capacity=capacity)
        )["trials"]
        if len(trials) != capacity:
            raise RuntimeError(f"{capacity} trials of search {search} were claimed and {len(trials)} given")
        return trials

    def report(self, trials: Sequence[Json]) -> None:
        """The first step of each, in one request."""
        said = [{**proof(trial), "step": 1, "metrics": metrics(trial)} for trial in trials]
        _all_ok(self.post("/v1/trials:report", {"reports": said}))

    def finish(self, trials: Sequence[Json]) -> None:
        """Each with its value, in one request."""
        said = [{**proof(trial), "outcome": "completed", "metrics": metrics(trial)} for trial in trials]
        _all_ok(self.post("/v1/trials:finish", {"outcomes": said}))


def claim_body(search: str, *, worker: str, trainer: str, capacity: int) -> Json:
    return {
        "worker": worker,
        "capacity": capacity,
        "trainers": [trainer],
        "claim_key": token_hex(16),
        "search": search,
    }


def proof(trial: Mapping[str, Any]) -> Json:
    """That we hold it."""
    return {"trial": trial["id"], "attempt": trial["attempt"], "token": trial["lease"]["token"]}


def metrics(trial: Mapping[str, Any]) -> Json:
    return {METRIC: loss(trial["hyperparameters"])}


def _all_ok(answer: Json) -> None:
    refused = [result for result in answer["results"] if result["status"] != "ok"]
    if refused:
        raise RuntimeError(f"{len(refused)} of {len(answer['results'])} words were not taken, such as {refused[0]}")
