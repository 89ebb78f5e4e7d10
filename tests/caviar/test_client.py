"""What the client makes of answers that no Caviar server of this release gave: a proxy's, an older or a newer one's.

Its ordinary calls are tested against a real server, in tests/service.
"""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from caviar.client import Client
from caviar.errors import (
    CaviarError,
    FieldError,
    InvalidSpec,
    LocalError,
    NotFound,
    RequestError,
    ServerFault,
    Unreachable,
    UsageError,
    every_class,
)

PROBLEM = {"type": "about:blank", "title": "Not Found", "status": 404, "code": "not_found", "detail": "no search 17"}


def client(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    return Client("http://elsewhere:8000/", patience=0, transport=httpx.MockTransport(answer))


def problem(status: int, **fields: Any) -> httpx.Response:
    headers = {"Content-Type": "application/problem+json; charset=utf-8"}
    return httpx.Response(status, headers=headers, content=json.dumps(PROBLEM | {"status": status} | fields))


def raised(response: httpx.Response) -> CaviarError:
    with client(lambda request: response) as server, pytest.raises(CaviarError) as caught:
        server.search("17")
    return caught.value


@pytest.mark.parametrize("cls", [cls for cls in every_class() if not issubclass(cls, LocalError)])
def test_a_problem_raises_the_class_that_its_code_names(cls: type[CaviarError]) -> None:
    error = raised(problem(400, code=cls.code, detail="a reason"))
    assert (type(error), error.detail, error.errors) == (cls, "a reason", ())


def test_the_fields_of_a_problem_come_along_and_unknown_members_do_not_disturb() -> None:
    errors = [{"pointer": "/space/x", "detail": "is missing", "since": "2.0"}]
    error = raised(problem(422, code="invalid_spec", errors=errors, trace="…"))
    assert type(error) is InvalidSpec
    assert error.errors == (FieldError("/space/x", "is missing"),)


@pytest.mark.parametrize(("status", "cls"), [(409, RequestError), (507, ServerFault)])
def test_the_code_of_a_newer_server_falls_back_on_its_status(status: int, cls: type[CaviarError]) -> None:
    assert type(raised(problem(status, code="quota_used"))) is cls


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(502, html="<h1>Bad Gateway</h1>"),
        httpx.Response(404, json={"detail": "Not Found"}),
        httpx.Response(500),
        httpx.Response(200, html="<h1>Welcome</h1>"),
        httpx.Response(200, json={"hello": "world"}),
        httpx.Response(302, headers={"Location": "https://login.example"}),
        problem(404, code=None),
        httpx.Response(404, headers={"Content-Type": "application/problem+json"}, content=b"{"),
    ],
)
def test_an_answer_that_is_not_caviars_is_told_as_such(response: httpx.Response) -> None:
    error = raised(response)
    assert type(error) is ServerFault
    assert error.detail == (
        f"http://elsewhere:8000/v1/searches/17 answered {response.status_code}, and not as a Caviar server does"
    )


def test_the_leaderboard_as_csv_raises_the_same_errors() -> None:
    with client(lambda request: problem(404)) as server, pytest.raises(NotFound, match="no search 17"):
        list(server.leaderboard_csv("17"))


def test_no_answer_names_the_address_and_the_way_out() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    with client(refuse) as server:
        for call in (server.ready, lambda: list(server.leaderboard_csv("17"))):
            with pytest.raises(Unreachable) as caught:
                call()
            assert caught.value.detail == (
                "no Caviar server answers at http://elsewhere:8000 (connection refused); start one with: caviar up"
            )


@pytest.mark.parametrize(
    ("error", "may_have_arrived"), [(httpx.ConnectError, False), (httpx.ConnectTimeout, False), (httpx.ReadError, True)]
)
def test_of_a_request_without_an_answer_it_is_known_whether_it_may_have_arrived(
    error: type[httpx.TransportError], may_have_arrived: bool
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("no answer", request=request)

    with client(fail) as server, pytest.raises(Unreachable) as caught:
        server.ready()
    assert caught.value.may_have_arrived is may_have_arrived


@pytest.mark.parametrize(
    "url", ["elsewhere:8000", "elsewhere", "http://", "http://elsewhere:port", "ftp://elsewhere", ""]
)
def test_what_is_no_address_is_refused_with_an_example_of_one(url: str) -> None:
    with pytest.raises(UsageError, match=f"^'{url}' is no address of a server; write it like http://"):
        Client(url)


def test_a_long_poll_waits_longer_than_other_calls() -> None:
    from caviar.wire.protocol import ClaimRequest

    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"trials": [], "drain": False})

    with Client("http://elsewhere:8000", timeout=3, transport=httpx.MockTransport(answer)) as server:
        server.claim(ClaimRequest(worker="w", trainers=["mlp"], claim_key="k" * 16), wait=20)
    assert seen[0].headers["Prefer"] == "wait=20"
    assert seen[0].extensions["timeout"]["read"] == 23
