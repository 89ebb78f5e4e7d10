"""A worker's loop inside the test process."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx

from caviar.client import Client
from caviar.errors import Unreachable
from caviar.loop import Loop, Profile, Run
from caviar.states import SearchState

LONGEST_SECONDS = 60.0
_numbers = count(1)


def work(
    url: str,
    run: Run,
    *,
    until: Callable[[], bool],
    trainer: str,
    capacity: int = 16,
    search: str | None = None,
    heartbeat: float = 5.0,
    network: httpx.BaseTransport | None = None,
) -> list[str]:
    """Runs trials until it is so, then drains; returns what the loop said.

    It is always the same worker to the server, which would give two of them a share each.
    """
    said: list[str] = []
    has_ended = threading.Event()
    profile = Profile(worker=f"loop for {trainer}", capacity=capacity, trainers=[trainer], search=search)
    with Client(url, transport=network) as client, ThreadPoolExecutor(1) as pool:
        loop = Loop(client, profile, run, heartbeat=heartbeat, say=said.append)

        def drain() -> None:
            try:
                wait_until(lambda: has_ended.is_set() or until())
            finally:
                loop.drain()

        watch = pool.submit(drain)
        try:
            loop.work()
        finally:
            has_ended.set()
        watch.result()
    return said


class BadNetwork(httpx.BaseTransport):
    """The first claims meet a fault each, in this order: `unheard` never arrives, of `unanswered` no answer does."""

    def __init__(self, *faults: str) -> None:
        self.faults = list(faults)
        self._network = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault = self.faults.pop(0) if self.faults and request.url.path == "/v1/trials:claim" else None
        if fault == "unheard":
            raise httpx.ConnectError("a test cut it off", request=request)
        response = self._network.handle_request(request)
        if fault == "unanswered":
            response.read()
            raise httpx.ReadError("a test cut it off", request=request)
        return response

    def close(self) -> None:
        self._network.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def has_ended(client: Client, search: str) -> bool:
    try:
        return client.search(search).state not in (SearchState.ACTIVE, SearchState.PAUSED)
    except Unreachable:
        return False


def toy_spec(**fields: Any) -> Mapping[str, Any]:
    """A search for a trainer that no other search has."""
    space = {"x": {"low": 0.0, "high": 1.0}, "kind": "toy"}
    plain = {"metric": "loss", "goal": "minimize", "space": space, "sampler": "random", "trials": 4, "parallel": 4}
    return {"trainer": f"toy-{next(_numbers)}", **plain, **fields}
