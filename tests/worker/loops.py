"""A worker's loop inside the test process."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

from caviar.client import Client
from caviar.errors import Unreachable
from caviar.loop import Loop, Profile, Run
from caviar.states import SearchState

LONGEST_SECONDS = 60.0
_numbers = count(1)


def work(
    url: str, run: Run, *, until: Callable[[], bool], trainer: str, capacity: int = 16, search: str | None = None
) -> list[str]:
    """Runs trials until it is so, then drains; returns what the loop said.

    It is always the same worker to the server, which would give two of them a share each.
    """
    said: list[str] = []
    has_ended = threading.Event()
    profile = Profile(worker=f"loop for {trainer}", capacity=capacity, trainers=[trainer], search=search)
    with Client(url) as client, ThreadPoolExecutor(1) as pool:
        loop = Loop(client, profile, run, heartbeat=5.0, say=said.append)

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
