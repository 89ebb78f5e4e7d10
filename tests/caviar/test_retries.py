"""Pauses between tries, and which tries there are, against a server that answers, fails and is away by turns."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from caviar.client import Client
from caviar.errors import ServerFault, Unavailable, Unreachable
from caviar.retries import FIRST_PAUSE, LONGEST_PAUSE, pause_after, retry_after
from caviar.wire.searches import SearchAnswer, SearchChange
from caviar.wire.trials import TrialDetail

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Answer = httpx.Response | type[httpx.RequestError]


def example(model: type[SearchAnswer | TrialDetail]) -> httpx.Response:
    extra: Any = model.model_config["json_schema_extra"]
    return httpx.Response(200, json=extra["examples"][0])


SEARCH, TRIAL = example(SearchAnswer), example(TrialDetail)
READY = httpx.Response(200, json={"status": "ok", "version": "9"})


def busy(**headers: str) -> httpx.Response:
    body = {"title": "Service Unavailable", "status": 503, "code": "unavailable", "detail": "the server is stopping"}
    return httpx.Response(503, json=body, headers={"Content-Type": "application/problem+json", **headers})


class Site:
    """Answers with the given ones, one after the other, and keeps the requests."""

    def __init__(self, *answers: Answer, patience: float = 5.0) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)
        self.client = Client("http://elsewhere", patience=patience, transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, httpx.Response):
            return answer
        raise answer("gone", request=request)


CALLS: dict[str, tuple[Callable[[Client], object], httpx.Response]] = {
    "search": (lambda client: client.search("1"), SEARCH),
    "submit": (lambda client: client.submit({"metric": "loss"}), SEARCH),
    "repeat": (lambda client: client.repeat_search("1"), SEARCH),
    "change": (lambda client: client.change("1", SearchChange(trials=9)), SEARCH),
    "cancel_trial": (lambda client: client.cancel_trial("1"), TRIAL),
    "delete": (lambda client: client.delete("1"), httpx.Response(204)),
}
ONCE = ("cancel_trial", "delete")
"""Done twice, the second would be refused."""


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ONCE])
@pytest.mark.parametrize("setback", [httpx.ReadTimeout, httpx.ConnectError, busy(), httpx.Response(502, html="nginx")])
def test_what_may_be_done_twice_is_asked_again(name: str, setback: Answer) -> None:
    call, answer = CALLS[name]
    site = Site(READY, setback, answer)
    site.client.ready()

    call(site.client)

    assert len(site.requests) == 3
    assert site.requests[1].headers == site.requests[2].headers
    assert site.requests[1].content == site.requests[2].content


@pytest.mark.parametrize("name", ONCE)
def test_what_may_be_done_only_once_is_asked_again_only_if_it_did_not_leave(name: str) -> None:
    call, answer = CALLS[name]
    site = Site(READY, httpx.ConnectError, answer, httpx.ReadTimeout, busy())
    site.client.ready()

    call(site.client)
    with pytest.raises(Unreachable):
        call(site.client)
    with pytest.raises(Unavailable):
        call(site.client)


@pytest.mark.parametrize("name", ["submit", "repeat"])
def test_every_call_that_creates_something_bears_a_key_of_its_own(name: str) -> None:
    call, answer = CALLS[name]
    site = Site(answer, answer)
    call(site.client)
    call(site.client)

    keys = [request.headers["Idempotency-Key"] for request in site.requests]
    assert len(set(keys)) == 2
    assert all(len(key) == 32 for key in keys)


def test_a_server_that_never_answered_is_not_waited_for() -> None:
    site = Site(httpx.ConnectError, READY)
    with pytest.raises(Unreachable):
        site.client.ready()
    assert len(site.requests) == 1


def test_what_a_request_did_wrong_is_not_repeated() -> None:
    site = Site(httpx.Response(500, html="oops"), READY)
    with pytest.raises(ServerFault):
        site.client.ready()
    assert len(site.requests) == 1


def test_retry_after_sets_the_pause() -> None:
    site = Site(busy(**{"Retry-After": "1"}), READY)
    began = time.monotonic()
    site.client.ready()
    assert time.monotonic() - began >= 1


def test_a_pause_longer_than_the_patience_is_not_begun() -> None:
    site = Site(busy(**{"Retry-After": "60"}), READY)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="the server is stopping"):
        site.client.ready()
    assert time.monotonic() - began < 1


def test_patience_ends() -> None:
    site = Site(READY, *[httpx.ReadTimeout] * 100, patience=1.0)
    site.client.ready()
    began = time.monotonic()
    with pytest.raises(Unreachable):
        site.client.ready()
    assert time.monotonic() - began <= 1.1
    assert 2 <= len(site.requests) - 1 <= 20


def test_the_impatient_twin_fails_at_once_on_the_same_connection() -> None:
    site = Site(READY, httpx.ConnectError, httpx.ConnectError, READY)
    site.client.ready()
    with pytest.raises(Unreachable):
        site.client.impatient().ready()
    assert site.client.ready().version == "9"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=NOON) == seconds


@pytest.mark.parametrize("failures", [1, 2, 5, 9, 1000])
def test_pauses_double_up_to_a_limit_and_never_fall_in_step(failures: int) -> None:
    longest = min(FIRST_PAUSE * 2.0**failures, LONGEST_PAUSE)
    pauses = [pause_after(failures) for _ in range(50)]
    assert all(longest / 2 <= pause <= longest for pause in pauses)
    assert len(set(pauses)) > 1
