"""A lean worker: one connection that is kept, a parser of HTTP in C, and the protocol's three calls.

What it needs for itself is time that the server is not measured in.
"""

import json
import socket
from collections.abc import Mapping, Sequence
from secrets import token_hex
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httptools

from bench.queue_cost.toy import METRIC, loss

Json = dict[str, Any]
TIMEOUT_SECONDS = 60.0


class _Answer:
    """What the parser tells of one answer."""

    def __init__(self) -> None:
        self.body = b""
        self.is_whole = False

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.is_whole = True


class Line:
    """One connection to a server. Raises RuntimeError for an answer that is not 200."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.netloc
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=TIMEOUT_SECONDS)
        # So that no request waits for the acknowledgement of the one before.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def get(self, path: str) -> Any:
        return self._asked(path, f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())

    def post(self, path: str, body: Json) -> Any:
        content = json.dumps(body).encode()
        about = f"Content-Type: application/json\r\nContent-Length: {len(content)}"
        return self._asked(path, f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\n{about}\r\n\r\n".encode() + content)

    def _asked(self, path: str, request: bytes) -> Any:
        self._socket.sendall(request)
        answer = _Answer()
        parser = httptools.HttpResponseParser(answer)
        while not answer.is_whole:
            part = self._socket.recv(1 << 16)
            if not part:
                raise RuntimeError(f"{path} was not answered: the server closed the connection")
            parser.feed_data(part)
        if parser.get_status_code() != 200:
            raise RuntimeError(f"{path} was answered {parser.get_status_code()}: {answer.body.decode()}")
        return json.loads(answer.body)

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
