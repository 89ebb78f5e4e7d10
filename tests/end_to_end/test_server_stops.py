"""A server that is told to stop under load: it ends soon, and its clients are told or find nobody, never cut off."""

import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from caviar.wire.event_stream import messages
from tests.processes import Processes, Server, port_to_keep
from tests.service.api.calls import Api, proof

WAITING, BUSY = 12, 6
LONGEST_SECONDS = 10.0


@dataclass
class Crowd:
    """Clients of every kind, each in a thread of its own, until the server is gone."""

    url: str
    search: str
    faults: list[str] = field(default_factory=list)
    refusals: int = 0
    answers: int = 0
    is_over: bool = False
    _keys: Iterator[int] = field(default_factory=itertools.count)

    def claim(self, http: httpx.Client) -> None:
        body = {"worker": f"waiter {threading.get_ident()}", "trainers": ["none"], "claim_key": self._key()}
        answer = http.post("/v1/trials:claim", json=body, headers={"Prefer": "wait=30"})
        self._count(answer, {200})

    def watch_leaderboard(self, http: httpx.Client) -> None:
        path = f"/v1/searches/{self.search}/leaderboard"
        etag = http.get(path).headers.get("etag", "")
        self._count(http.get(path, headers={"If-None-Match": etag, "Prefer": "wait=30"}), {200, 304})

    def read_events(self, http: httpx.Client) -> None:
        with http.stream("GET", f"/v1/searches/{self.search}/events") as response:
            if response.status_code == 200:
                for _ in messages(response.iter_bytes()):
                    pass
            else:
                response.read()
            self._count(response, {200})

    def work(self, http: httpx.Client) -> None:
        """Writes as fast as it can: a search, a claim, a report, a finish."""
        trainer = f"busy-{threading.get_ident()}"
        space = {"x": {"low": 0, "high": 1}}
        spec = {"trainer": trainer, "metric": "loss", "goal": "minimize", "space": space, "trials": 1}
        self._count(http.post("/v1/searches", json=spec), {201})
        body = {"worker": trainer, "trainers": [trainer], "claim_key": self._key()}
        for trial in self._count(http.post("/v1/trials:claim", json=body), {200}).json().get("trials", []):
            item = {**proof(trial), "metrics": {"loss": 1}}
            self._count(http.post("/v1/trials:report", json={"reports": [{**item, "step": 1}]}), {200})
            outcome = {**item, "outcome": "completed"}
            self._count(http.post("/v1/trials:finish", json={"outcomes": [outcome]}), {200})

    def _key(self) -> str:
        return f"claim-key-of-the-crowd-{next(self._keys):08}"

    def _count(self, answer: httpx.Response, expected: set[int]) -> httpx.Response:
        if answer.status_code == 503 and answer.headers.get("retry-after"):
            self.refusals += 1
            time.sleep(float(answer.headers["retry-after"]))
        elif answer.status_code in expected:
            self.answers += 1
        else:
            self.faults.append(f"{answer.request.url}: {answer.status_code} {answer.text}")
        return answer

    def keep(self, call: Callable[[httpx.Client], None]) -> None:
        with httpx.Client(base_url=self.url, timeout=40.0, trust_env=False, verify=False) as http:
            while not self.is_over:
                try:
                    call(http)
                except httpx.ConnectError as error:
                    if "refused" not in str(error):
                        self.faults.append(f"{call.__name__}: {error!r}")
                    time.sleep(0.05)
                except httpx.RequestError as error:
                    self.faults.append(f"{call.__name__}: {error!r}")


@contextmanager
def crowd(url: str) -> Iterator[Crowd]:
    with Api(url) as api:
        present = Crowd(url, api.submit(trials=50, parallel=50))
    calls = [present.claim, present.watch_leaderboard, present.read_events] * WAITING + [present.work] * BUSY
    with ThreadPoolExecutor(len(calls)) as pool:
        kept = [pool.submit(present.keep, call) for call in calls]
        try:
            yield present
        finally:
            present.is_over = True
    for one in kept:
        one.result()


def stop(server: Server) -> float:
    """Seconds until it had ended by itself."""
    start = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(timeout=3 * LONGEST_SECONDS)
    return time.monotonic() - start


def check_stops(store_url: str, processes: Processes, *, count: int) -> None:
    port, seconds, refusals = port_to_keep(), [], 0
    for _ in range(count):
        server = processes.server(store_url, port=port)
        with crowd(server.url) as present:
            time.sleep(1.0)  # everybody has come
            seconds.append(stop(server))
        assert present.faults == []
        assert present.answers >= 3 * WAITING + BUSY
        refusals += present.refusals
    print(f"{count} stops, the longest {max(seconds):.2f} s; {refusals} answers 503")  # noqa: T201
    assert max(seconds) <= LONGEST_SECONDS
    assert refusals > 0


def test_a_server_under_load_stops_soon_and_cuts_nobody_off(store_url: str, processes: Processes) -> None:
    check_stops(store_url, processes, count=2)


@pytest.mark.long
def test_twenty_stops_under_load_cut_nobody_off(store_url: str, processes: Processes) -> None:
    check_stops(store_url, processes, count=20)
