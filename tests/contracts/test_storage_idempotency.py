"""Idempotency-Key: what a key has created is not created again, whoever asks and however many at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from caviar.errors import IdempotencyMismatch
from service.storage import idempotency, searches
from tests.service.desk import Desk, a_spec

BODY = {"name": "digits", "space": {"x": 1}}


def once(desk: Desk, key: str | None, body: Any = BODY, *, route: str = "POST /v1/searches") -> tuple[int, bool]:
    with desk.database.write() as tx:
        return idempotency.once(
            tx,
            route=route,
            key=key,
            body=body,
            now=desk.now,
            create=lambda: searches.create(tx, a_spec(), dataset_hash=None, now=desk.now),
        )


def count(desk: Desk) -> int:
    with desk.database.read() as tx:
        return len(searches.page(tx, limit=100, before=None))


def test_a_key_creates_once_and_gives_the_same_id_again(desk: Desk) -> None:
    created, is_new = once(desk, "key")
    assert is_new
    assert once(desk, "key") == (created, False)
    assert once(desk, "key", {"space": {"x": 1}, "name": "digits"}) == (created, False)
    assert count(desk) == 1


def test_another_key_another_route_or_none_creates_anew(desk: Desk) -> None:
    ids = [once(desk, "key"), once(desk, "yek"), once(desk, "key", route="POST elsewhere"), once(desk, None)]
    assert len(set(ids)) == count(desk) == 4
    assert once(desk, None)[1]


def test_a_key_with_another_body_is_refused_and_creates_nothing(desk: Desk) -> None:
    once(desk, "key")
    with pytest.raises(IdempotencyMismatch, match="another body"):
        once(desk, "key", {"name": "other"})
    assert count(desk) == 1


def test_a_key_whose_request_failed_is_free_again(desk: Desk) -> None:
    def fail() -> int:
        raise RuntimeError("the machine went away")

    with pytest.raises(RuntimeError), desk.database.write() as tx:
        idempotency.once(tx, route="POST /v1/searches", key="key", body=BODY, now=desk.now, create=fail)
    assert once(desk, "key")[1]


@pytest.mark.parametrize("later", [0, 1])
def test_a_key_is_forgotten_when_nobody_retries_any_more(desk: Desk, later: int) -> None:
    once(desk, "key")
    with desk.database.write() as tx:
        idempotency.forget(tx, before=desk.now + timedelta(seconds=later))
    assert once(desk, "key")[1] == bool(later)


def test_two_requests_with_one_key_at_once_create_one_search(desk: Desk) -> None:
    for attempt in range(5):
        start = Barrier(4)

        def request(key: str, start: Barrier = start) -> tuple[int, bool]:
            start.wait()
            return once(desk, key)

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(request, [f"key-{attempt}"] * 4))
        assert len({created for created, _ in answers}) == 1
        assert sum(is_new for _, is_new in answers) == 1
    assert count(desk) == 5


def test_a_request_waits_for_the_one_that_came_first_with_its_key(desk: Desk) -> None:
    """The second cannot answer before the first has committed, since there is nothing to answer yet."""
    with ThreadPoolExecutor(1) as pool:
        with desk.database.write() as tx:
            first, _ = idempotency.once(
                tx,
                route="POST /v1/searches",
                key="key",
                body=BODY,
                now=desk.now,
                create=lambda: searches.create(tx, a_spec(), dataset_hash=None, now=desk.now),
            )
            second = pool.submit(once, desk, "key")
        assert second.result(timeout=30) == (first, False)
