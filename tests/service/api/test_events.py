"""Event streams over HTTP: the state at once and after every change, resumed where they were left."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from caviar.client import Client
from caviar.errors import NotFound
from caviar.wire.event_stream import HEARTBEAT, Message, messages
from service.api.events import EventStream
from tests.processes import Processes, port_to_keep
from tests.service.api.calls import Api


@contextmanager
def stream(api: Api, search: str, *, last: str | None = None, **params: str) -> Iterator[Iterator[Message]]:
    headers = {} if last is None else {"Last-Event-ID": last}
    with api.http.stream("GET", f"/v1/searches/{search}/events", headers=headers, params=params) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        yield messages(response.iter_bytes())


def state(message: Message) -> dict[str, Any]:
    assert message.kind == "search"
    found: dict[str, Any] = json.loads(message.text)
    assert message.id == str(found["changes"])
    return found


def test_a_reader_gets_the_state_at_once_and_after_every_change(api: Api) -> None:
    search = api.submit(trials=2, parallel=2)
    with stream(api, search) as told:
        first = state(next(told))
        shown = api.search(search)
        assert {name: first[name] for name in ("id", "state", "trials", "counts", "rounds", "best")} == {
            name: shown[name] for name in ("id", "state", "trials", "counts", "rounds", "best")
        }
        assert first["waits_for"].startswith("no live worker offers trainer")

        start = time.monotonic()
        one, two = api.claim(search)
        claimed = state(next(told))
        assert (claimed["counts"]["running"], claimed["waits_for"]) == (2, None)
        assert claimed["ranking"] == first["ranking"]

        api.finish(one, metrics={"loss": 0.5})
        finished = state(next(told))
        assert finished["best"] == {"trial": one["id"], "number": one["number"], "value": 0.5}
        assert finished["ranking"] > first["ranking"]
        assert finished["progress"]["finished"] == 1
        assert first["changes"] < claimed["changes"] < finished["changes"]

        api.finish(two, metrics={"loss": 0.25})
        assert state(next(told))["state"] == "completed"
        assert time.monotonic() - start < 3
        # It can be extended, and whoever looks on learns of it.
        api.ask("PATCH", f"/v1/searches/{search}", json={"trials": 3})
        assert state(next(told))["state"] == "active"


def test_what_was_read_is_not_told_again_and_what_was_missed_is_one_event(api: Api) -> None:
    search = api.submit(trials=4, parallel=4)
    with stream(api, search) as told:
        last = next(told).id
    trials = api.claim(search)
    for trial in trials[:3]:
        api.finish(trial, metrics={"loss": 1})
    with stream(api, search, last=last) as told:
        missed = next(told)
        assert state(missed)["counts"]["completed"] == 3
        seen = missed.id
    for name in ("last", "last_event_id"):
        with stream(api, search, **{name: seen}) as told:
            time.sleep(0.3)  # time enough for an event, if there were one
            api.ask("PATCH", f"/v1/searches/{search}", json={"notes": name})
            newer = next(told).id
            assert int(newer) > int(seen)
            assert newer == _newest(api, search)
            seen = newer


def test_a_browser_that_comes_again_has_the_newer_id_in_the_header(sqlite_api: Api) -> None:
    """The address it was given stays the same, with the id that was known at first."""
    search = sqlite_api.submit()
    first = _newest(sqlite_api, search)
    sqlite_api.ask("PATCH", f"/v1/searches/{search}", json={"notes": "seen"})
    second = _newest(sqlite_api, search)
    with stream(sqlite_api, search, last=second, last_event_id=first) as told:
        time.sleep(0.3)
        sqlite_api.ask("PATCH", f"/v1/searches/{search}", json={"notes": "seen twice"})
        assert int(next(told).id) > int(second)


def _newest(api: Api, search: str) -> str:
    with stream(api, search) as told:
        return next(told).id


@pytest.mark.parametrize("last", ["99999999999999999999999", "-1", "nonsense", ""])
def test_an_id_that_no_event_had_counts_as_none(sqlite_api: Api, last: str) -> None:
    with stream(sqlite_api, sqlite_api.submit(), last=last) as told:
        assert state(next(told))["state"] == "active"


def test_many_changes_are_few_events_and_the_last_of_them_is_told(api: Api) -> None:
    search = api.submit()
    with stream(api, search) as told:
        next(told)
        start = time.monotonic()
        for number in range(60):
            api.ask("PATCH", f"/v1/searches/{search}", json={"notes": str(number)})
        newest = _newest(api, search)
        count = 1
        while next(told).id != newest:
            count += 1
        assert count <= 5 * (time.monotonic() - start) + 2


def test_the_stream_of_a_search_that_is_deleted_says_so_and_ends(api: Api) -> None:
    search = api.submit()
    with stream(api, search) as told:
        next(told)
        api.ask("DELETE", f"/v1/searches/{search}", 204)
        (last,) = told
        assert (last.kind, json.loads(last.text)) == ("deleted", {"id": search})
    api.refused("GET", f"/v1/searches/{search}/events", 404, "not_found")


def test_many_readers_of_one_search_all_hear_of_a_change(api: Api) -> None:
    search = api.submit(trials=1)
    limits = httpx.Limits(max_connections=200)
    with httpx.Client(base_url=api.url, timeout=30.0, trust_env=False, limits=limits) as http:
        readers = [
            http.send(http.build_request("GET", f"/v1/searches/{search}/events"), stream=True) for _ in range(60)
        ]
        told = [messages(reader.iter_bytes()) for reader in readers]
        assert len({next(one).id for one in told}) == 1
        start = time.monotonic()
        api.claim(search)
        assert {state(next(one))["counts"]["running"] for one in told} == {1}
        assert time.monotonic() - start < 2
        for reader in readers:
            reader.close()


def test_the_client_follows_a_search_to_its_deletion(sqlite_api: Api) -> None:
    search = sqlite_api.submit(trials=1)
    with Client(sqlite_api.url) as client:
        following = client.events(search)
        first = next(following)
        assert first.counts.queued == 1
        (trial,) = sqlite_api.claim(search)
        assert next(following).counts.running == 1
        sqlite_api.finish(trial, metrics={"loss": 0.5})
        ended = next(following)
        assert (ended.state, ended.best and ended.best.value) == ("completed", 0.5)
        sqlite_api.ask("PATCH", f"/v1/searches/{search}", json={"notes": "seen"})
        assert next(client.events(search, last=ended.changes)).changes > ended.changes
        sqlite_api.ask("DELETE", f"/v1/searches/{search}", 204)
        assert [event.state for event in following][-1:] in ([], ["completed"])
        with pytest.raises(NotFound):
            next(client.events(search))


def test_the_client_goes_on_when_the_server_was_killed_and_came_again(
    sqlite_store_url: str, processes: Processes
) -> None:
    server = processes.server(sqlite_store_url, port=port_to_keep())
    with Client(server.url) as client, Api(server.url) as api:
        search = api.submit()
        following = client.events(search)
        first = next(following)
        server.process.kill()
        server.process.wait()
        processes.server(sqlite_store_url, port=server.port)
        with Api(server.url) as again:
            again.ask("PATCH", f"/v1/searches/{search}", json={"state": "paused"})
        second = next(following)
        while second.state != "paused":
            second = next(following)
        assert second.changes > first.changes


def test_a_reader_that_takes_nothing_is_let_go_and_nothing_is_kept_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.events.STALLED_SECONDS", 0.01)
    produced = 0

    async def produce() -> AsyncIterator[str]:
        nonlocal produced
        while True:
            produced += 1
            yield HEARTBEAT

    async def test() -> None:
        sent = 0

        async def send(_message: Any) -> None:
            nonlocal sent
            sent += 1
            if sent > 3:
                await asyncio.sleep(3600)  # as a server does whose write buffer is full

        async def receive() -> Any:
            await asyncio.sleep(3600)

        scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
        await asyncio.wait_for(EventStream(produce())(scope, receive, send), 20)
        assert (sent, produced) == (4, 3)

    asyncio.run(test())
