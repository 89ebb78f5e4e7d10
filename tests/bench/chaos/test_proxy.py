"""The fault proxy between a client and an HTTP server that counts."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from bench.chaos.proxy import Proxy


class Counting(BaseHTTPRequestHandler):
    """Notes every body that it is sent and gives it back."""

    protocol_version = "HTTP/1.1"
    seen: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(body.decode())
        self._answer(body * 50)

    def do_GET(self) -> None:
        self._answer(b"here")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Not on the test's stderr."""


@contextmanager
def between() -> Iterator[tuple[Proxy, httpx.Client, list[str]]]:
    """The proxy, a client of it, and what the server has seen."""
    handler = type("Handler", (Counting,), {"seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        with Proxy(server.server_address[1], seed=1) as proxy, httpx.Client(base_url=proxy.url, timeout=5) as client:
            yield proxy, client, handler.seen  # type: ignore[attr-defined]
        server.shutdown()
        serving.join()


def wait_until_seen(seen: list[str], count: int) -> None:
    deadline = time.monotonic() + 5
    while len(seen) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(seen) == count


def test_without_an_order_everything_passes() -> None:
    with between() as (proxy, client, seen):
        assert client.post("/a", content="x").text == "x" * 50
        assert client.get("/a").text == "here"
        assert (seen, sum(proxy.done.values()), proxy.answered) == (["x"], 0, {200: 2})


@pytest.mark.parametrize(("kind", "times"), [("drop_request", 0), ("drop_answer", 1), ("cut_answer", 1), ("late", 1)])
def test_a_client_whose_connection_is_cut_does_not_know_how_often_it_was_heard(kind: str, times: int) -> None:
    with between() as (proxy, client, seen):
        proxy.order(kind)
        with pytest.raises(httpx.RequestError):
            client.post("/a", content="x")
        wait_until_seen(seen, times)
        assert client.post("/a", content="y").text == "y" * 50
        assert proxy.done == {kind: 1}


@pytest.mark.parametrize(("kind", "times"), [("delay", 1), ("duplicate", 2), ("reorder", 1)])
def test_a_client_that_is_answered_was_heard_once_or_twice(kind: str, times: int) -> None:
    with between() as (proxy, client, seen):
        proxy.order(kind)
        assert client.post("/a", content="x").text == "x" * 50
        assert seen == ["x"] * times


def test_a_late_request_comes_after_the_one_that_followed_it() -> None:
    with between() as (proxy, client, seen):
        proxy.order("late")
        with pytest.raises(httpx.RequestError):
            client.post("/a", content="first")
        for body in ("second", "third"):
            client.post("/a", content=body)
        wait_until_seen(seen, 3)
        assert seen == ["second", "third", "first"]


def test_a_request_that_changes_nothing_meets_no_fault_and_a_claim_comes_in_time_or_not_at_all() -> None:
    with between() as (proxy, client, seen):
        proxy.order("late")
        assert client.get("/a").text == "here"
        assert client.post("/v1/trials:claim", content="x").text == "x" * 50
        assert proxy.heal() == {"late": 1}
        assert client.post("/a", content="y").text == "y" * 50
        assert seen == ["x", "y"]


def test_a_partition_cuts_everybody_off_until_it_is_over() -> None:
    with between() as (proxy, client, seen):
        client.post("/a", content="before")
        proxy.partition(0.3)
        with pytest.raises(httpx.RequestError):
            client.post("/a", content="during")
        time.sleep(0.35)
        client.post("/a", content="after")
        assert seen == ["before", "after"]


def test_a_partition_within_another_does_not_end_it() -> None:
    with between() as (proxy, client, seen):
        began = time.monotonic()
        proxy.partition(60.0)
        proxy.partition(0.0)
        assert proxy.refuses_until >= began + 60.0
        with pytest.raises(httpx.RequestError):
            client.post("/a", content="during")
        proxy.heal()
        client.post("/a", content="after")
        assert seen == ["after"]
