"""What the server says to requests that no careful client sends: always a problem, never a fault of its own."""

import json
from typing import Any

import pytest

from caviar.spec import SearchSpec
from service.api.parameters import cursor
from tests.service.api.calls import PROBLEM, Api, proof

JSON = {"Content-Type": "application/json"}
DEEP = 100_000
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "half an object": b'{"trials": ',
    "two objects": b"{}{}",
    "no UTF-8": b'{"name": "\xff"}',
    "null": b"null",
    "a number": b"7",
    "a list": b"[]",
    "a text": b'"text"',
    "a NaN": b"NaN",
    "5000 digits": b"9" * 5000,
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep, but within the parser's limits": b'{"space": {"x": ' + b"[" * 900 + b"]" * 900 + b"}}",
    "an unknown name of half a surrogate pair": b'{"\\ud800": 1}',
}
TAKING_BODIES = [
    ("POST", "/v1/searches"),
    ("PATCH", "/v1/searches/{search}"),
    ("POST", "/v1/searches/{search}/trials"),
    ("PATCH", "/v1/trials/{trial}"),
    ("POST", "/v1/trials:claim"),
    ("POST", "/v1/trials:report"),
    ("POST", "/v1/trials:finish"),
]
VALUES: dict[str, bytes] = {
    "NaN": b"NaN",
    "an infinity": b"-Infinity",
    "an infinity in disguise": b"1e999",
    "a huge integer": b"1" + b"0" * 400,
    "2^63": b"9223372036854775808",
    "NUL": b'"a\\u0000b"',
    "half a surrogate pair": b'"\\ud800"',
    "a long text": b'"' + b"x" * 200_000 + b'"',
    "a deep list": b"[" * 500 + b"]" * 500,
    "an object": b'{"a": {"b": 1}}',
    "null": b"null",
    "true": b"true",
    "-1": b"-1",
    "a fraction": b"0.5",
}


@pytest.fixture(scope="module")
def places(api: Api) -> dict[str, Any]:
    """A search and a running trial that nothing here may harm."""
    search = api.submit()
    claimed = api.claim(search)[0]
    return {"search": search, "trial": claimed["id"], "proof": proof(claimed)}


def test_a_body_that_is_not_called_json_is_refused_with_how_to_send_it(sqlite_api: Api) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain", "application/yaml"):
        call = {"content": json.dumps(sqlite_api.spec()), "headers": {"Content-Type": kind}}
        problem = sqlite_api.refused("POST", "/v1/searches", 422, "invalid_request", **call)
        assert problem["detail"] == "the body was not read; send JSON with Content-Type: application/json"


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_makes_no_sense_is_refused(api: Api, places: dict[str, Any], body: str) -> None:
    for method, path in TAKING_BODIES:
        for headers in (JSON, {"Content-Type": "text/plain"}, {}):
            response = api.http.request(method, path.format(**places), content=BODIES[body], headers=headers)
            assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM), f"{method} {path}"


def _bodies(value: bytes, places: dict[str, Any]) -> list[tuple[str, str, bytes]]:
    """Requests that are right but for this value, in every place where a value may stand."""
    search = json.dumps({"trainer": "none", "metric": "loss", "goal": "minimize", "space": {"x": 1}}).encode()
    claim = json.dumps({"worker": "odd", "trainers": ["none"], "claim_key": "0123456789abcdef"}).encode()
    report = json.dumps(places["proof"] | {"step": 1, "metrics": {"loss": 1}}).encode()
    finish = json.dumps(places["proof"] | {"outcome": "lost"}).encode()  # refused, so that the trial lives on

    def each(whole: bytes, *names: str) -> list[bytes]:
        """With the value in the place of each of these in turn; a name that stands twice counts the second time."""
        return [whole[:-1] + f', "{name}": '.encode() + value + b"}" for name in names]

    spec_fields = [*SearchSpec.model_fields, "odd"]
    changes = [b'{"%b": %b}' % (name, value) for name in (b"name", b"notes", b"state", b"trials", b"priority")]
    ranges = (b'{"low": %b, "high": 1}', b'{"low": 0, "high": %b}', b'{"values": [1, %b]}', b'{"values": %b}')
    spaces = [b'{"x": %b}' % (form % value) for form in (*ranges, b"%b", b'{"values": [1], "when": {"y": %b}}')]
    claims = each(claim, "worker", "capacity", "trainers", "claim_key", "search", "features", "about")
    claims += each(claim[:-1] + b', "about": {"a": %b}}' % value, "odd")
    reports = each(report, "trial", "attempt", "token", "step", "metrics") + each(b'{"a": 1}', "metrics")
    reports += [report[:-1] + b', "step": 2, "metrics": {"loss": %b}}' % value]
    finishes = each(finish, "trial", "attempt", "token", "outcome", "metrics", "error")
    search_path, trial_path = f"/v1/searches/{places['search']}", f"/v1/trials/{places['trial']}"
    return [
        *(("POST", "/v1/searches?dry_run=true", body) for body in each(search, *spec_fields)),
        *(("POST", "/v1/searches?dry_run=true", search[:-1] + b', "space": %b}' % space) for space in spaces),
        *(("PATCH", search_path, body) for body in changes),
        ("POST", f"{search_path}/trials", b'{"hyperparameters": {"x": %b}}' % value),
        ("POST", f"{search_path}/trials", b'{"hyperparameters": %b}' % value),
        ("PATCH", trial_path, b'{"state": %b}' % value),
        *(("POST", "/v1/trials:claim", body) for body in claims),
        *(("POST", "/v1/trials:report", b'{"reports": [%b]}' % body) for body in reports),
        ("POST", "/v1/trials:report", b'{"reports": %b}' % value),
        *(("POST", "/v1/trials:finish", b'{"outcomes": [%b]}' % body) for body in finishes),
    ]


@pytest.mark.parametrize("value", VALUES)
def test_no_value_in_any_place_is_a_fault_of_the_server(api: Api, places: dict[str, Any], value: str) -> None:
    for method, path, body in _bodies(VALUES[value], places):
        response = api.http.request(method, path, content=body, headers=JSON)
        assert response.status_code in (200, 201, 404, 409, 422), f"{method} {path} {body[:200]!r}: {response.text}"
        assert len(response.text) < 5000, f"{method} {path} {body[:200]!r}: the answer repeats the request"
        if response.status_code >= 400:
            assert response.headers["content-type"] == PROBLEM
            assert response.json()["detail"]
    assert api.get(f"/v1/trials/{places['trial']}")["state"] == "running"
    api.ask("PATCH", f"/v1/searches/{places['search']}", json={"state": "active", "trials": 4})


LISTS = (
    "/v1/searches",
    "/v1/workers",
    *(f"/v1/searches/{{search}}/{of}" for of in ("leaderboard", "trials", "rounds")),
)
CURSORS = [
    *("é", "%", "=", "x", "bnVsbA", "W10", "W1tdXQ", cursor("\0"), cursor("\ud800"), cursor(True), cursor(None)),
    *(cursor(sign * 2**bits) for bits in (31, 63, 64, 200) for sign in (1, -1)),
    *(cursor(False, value, 1, 1) for value in (float("nan"), float("inf"), 1, "1")),
    *(cursor(False, 1.0, 2**bits, 2**bits) for bits in (31, 63, 64)),
    *(cursor(2**bits, 2**bits) for bits in (31, 63, 64)),
    *(cursor(-1, -1), cursor(1, "1"), cursor({}, [])),
]


@pytest.mark.parametrize("path", [*LISTS, "/v1/trials/{trial}/reports"])
def test_a_cursor_that_no_page_gave_is_no_fault_of_the_server(api: Api, places: dict[str, Any], path: str) -> None:
    import base64

    deep = base64.urlsafe_b64encode(b"[" * 20_000).decode()
    for after in (*CURSORS, deep):
        response = api.http.get(path.format(**places), params={"after": after})
        assert response.status_code in (200, 422), f"{after}: {response.text}"
    api.refused("GET", path.format(**places), 422, "invalid_request", params={"after": "x"})
    api.refused("GET", path.format(**places), 422, "invalid_request", params={"after": cursor("a", "b", "c")})


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "ten", "1e3", "", "9" * 30])
def test_a_page_of_an_impossible_size_is_refused(sqlite_api: Api, limit: str) -> None:
    problem = sqlite_api.refused("GET", "/v1/searches", 422, "invalid_request", params={"limit": limit})
    assert problem["errors"][0]["pointer"] == "/limit"


@pytest.mark.parametrize("name", ["999999", "-1", "1.0", "one", "%00", "%F0%9F%90%9F", "9" * 19, "9" * 100])
def test_an_id_that_was_never_given_out_is_not_found(api: Api, name: str) -> None:
    for path in ("searches/{}", "searches/{}/leaderboard", "searches/{}/trials", "searches/{}/rounds"):
        api.refused("GET", f"/v1/{path.format(name)}", 404, "not_found")
    api.refused("GET", f"/v1/trials/{name}", 404, "not_found")
    api.refused("GET", f"/v1/trials/{name}/reports", 404, "not_found")
    api.refused("PATCH", f"/v1/searches/{name}", 404, "not_found", json={"state": "paused"})
    api.refused("DELETE", f"/v1/searches/{name}", 404, "not_found")


def test_a_path_that_does_not_exist_is_a_problem_that_says_where_to_look(sqlite_api: Api) -> None:
    assert "/docs" in sqlite_api.refused("GET", "/v1/serches", 404, "not_found")["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/searches", "POST"),
        ("DELETE", "/v1/searches", "POST"),
        ("POST", "/v1/searches/1/leaderboard", "GET"),
        ("PUT", "/v1/trials/1", "GET"),
        ("GET", "/v1/trials:claim", "POST"),
        ("DELETE", "/v1/trials:finish", "POST"),
        ("POST", "/v1/workers", "GET"),
        ("TRACE", "/healthz", "GET"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_a_problem(sqlite_api: Api, method: str, path: str, allowed: str) -> None:
    sqlite_api.refused(method, path, 405, "method_not_allowed")
    assert allowed in sqlite_api.http.request(method, path).headers["allow"]


def test_an_unknown_state_to_filter_by_names_the_known_ones(sqlite_api: Api) -> None:
    search = sqlite_api.submit()
    problem = sqlite_api.refused(
        "GET", f"/v1/searches/{search}/trials", 422, "invalid_request", params={"state": "complete"}
    )
    assert "did you mean completed?" in problem["detail"]


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_an_idempotency_key_of_an_impossible_length_is_refused(sqlite_api: Api, key: str) -> None:
    headers = {"Idempotency-Key": key}
    problem = sqlite_api.refused(
        "POST", "/v1/searches", 422, "invalid_request", json=sqlite_api.spec(), headers=headers
    )
    assert problem["detail"].startswith("Idempotency-Key: ")


@pytest.mark.parametrize("preference", ["wait", "wait=", "wait=soon", "wait=-1", "w=5", "handling=strict"])
def test_a_preference_that_is_not_understood_is_ignored(sqlite_api: Api, preference: str) -> None:
    request = {"worker": "w", "trainers": ["nothing of the kind"], "claim_key": "0123456789abcdef"}
    headers = {"Prefer": preference}
    assert sqlite_api.ask("POST", "/v1/trials:claim", json=request, headers=headers).json()["trials"] == []
