"""Waiting for a change: woken by announcements from any thread, by time, by the end of the server."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from service.changes import QUEUE, Changes, ranking

LONG = 20.0
"""Longer than any of these tests may take, and shorter than the time between two polls while they run."""


@pytest.fixture(autouse=True)
def _no_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that is found is found because it was announced."""
    monkeypatch.setattr("service.changes.POLL_SECONDS", 3600.0)


class Shelf:
    """What a waiting request looks at: empty until something is laid there. `looked` is set by every look."""

    def __init__(self) -> None:
        self.thing: str | None = None
        self.looks = 0
        self.looked = threading.Event()

    async def look(self) -> str | None:
        self.looks += 1
        self.looked.set()
        return self.thing


async def stays() -> bool:
    return False


def within(test: Callable[[], Awaitable[Any]]) -> Any:
    async def body() -> Any:
        return await asyncio.wait_for(test(), LONG)

    return asyncio.run(body())


def until(changes: Changes, shelf: Shelf, *, topic: str = QUEUE, seconds: float = LONG) -> Awaitable[str | None]:
    return changes.until(topic, shelf.look, seconds=seconds, is_gone=stays)


def test_what_is_there_is_answered_at_once() -> None:
    async def test() -> None:
        shelf = Shelf()
        shelf.thing = "caviar"
        assert await until(Changes(), shelf) == "caviar"
        assert shelf.looks == 1

    within(test)


@pytest.mark.parametrize("seconds", [0.0, 0.01])
def test_nothing_is_answered_when_the_time_is_over(seconds: float) -> None:
    async def test() -> None:
        assert await until(Changes(), Shelf(), seconds=seconds) is None

    within(test)


def test_an_announcement_from_another_thread_wakes_who_waits() -> None:
    async def test() -> None:
        changes, shelf = Changes(), Shelf()

        def deliver() -> None:
            assert shelf.looked.wait(LONG)
            shelf.thing = "caviar"
            changes.announce("of no interest", QUEUE)

        thread = threading.Thread(target=deliver)
        thread.start()
        assert await until(changes, shelf) == "caviar"
        thread.join()

    within(test)


def test_a_change_during_a_look_is_not_missed() -> None:
    async def test() -> None:
        changes, shelf = Changes(), Shelf()

        async def look() -> str | None:
            found = await shelf.look()
            if shelf.looks == 1:  # the thing arrives after the look at the shelf and before its answer
                shelf.thing = "caviar"
                changes.announce(QUEUE)
            return found

        assert await changes.until(QUEUE, look, seconds=LONG, is_gone=stays) == "caviar"
        assert shelf.looks == 2

    within(test)


def test_an_announcement_of_another_topic_wakes_nobody() -> None:
    async def test() -> None:
        changes, shelf = Changes(), Shelf()
        waiting = asyncio.ensure_future(until(changes, shelf, topic=ranking(1)))
        await asyncio.to_thread(shelf.looked.wait, LONG)
        changes.announce(ranking(2), QUEUE)
        for _ in range(5):  # time enough for a look, if there were one
            await asyncio.to_thread(int)
        assert (shelf.looks, waiting.done()) == (1, False)
        shelf.thing = "caviar"
        changes.announce(ranking(1))
        assert await waiting == "caviar"

    within(test)


def test_an_announcement_wakes_everybody_who_waits_for_its_topic() -> None:
    async def test() -> None:
        changes, shelves = Changes(), [Shelf() for _ in range(5)]
        waiting = [asyncio.ensure_future(until(changes, shelf)) for shelf in shelves]
        for shelf in shelves:
            await asyncio.to_thread(shelf.looked.wait, LONG)
            shelf.thing = "caviar"
        changes.announce(QUEUE)
        assert await asyncio.gather(*waiting) == ["caviar"] * 5

    within(test)


def test_a_server_that_stops_answers_everybody_now() -> None:
    async def test() -> None:
        changes, shelf = Changes(), Shelf()
        waiting = asyncio.ensure_future(until(changes, shelf))
        await asyncio.to_thread(shelf.looked.wait, LONG)
        threading.Thread(target=changes.close).start()
        assert await waiting is None
        assert await until(changes, Shelf()) is None

    within(test)


def test_a_server_that_stops_still_answers_with_what_is_there() -> None:
    async def test() -> None:
        changes, shelf = Changes(), Shelf()
        changes.close()
        shelf.thing = "caviar"
        assert await until(changes, shelf) == "caviar"

    within(test)


def test_for_a_caller_that_is_gone_nothing_is_tried_any_more() -> None:
    async def test() -> None:
        changes, shelf = Changes(), Shelf()

        async def is_gone() -> bool:
            return shelf.looks > 0

        waiting = asyncio.ensure_future(changes.until(QUEUE, shelf.look, seconds=LONG, is_gone=is_gone))
        await asyncio.to_thread(shelf.looked.wait, LONG)
        shelf.thing = "caviar"
        changes.announce(QUEUE)
        assert await waiting is None
        assert shelf.looks == 1

    within(test)


def test_what_a_look_raises_reaches_the_caller_and_nobody_listens_on() -> None:
    async def test() -> None:
        changes = Changes()

        async def fail() -> str | None:
            raise RuntimeError("the database is gone")

        with pytest.raises(RuntimeError, match="the database is gone"):
            await changes.until(QUEUE, fail, seconds=LONG, is_gone=stays)
        changes.announce(QUEUE)
        assert await until(changes, Shelf(), seconds=0.0) is None

    within(test)


def test_a_change_made_through_another_server_is_found_by_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.changes.POLL_SECONDS", 0.001)

    async def test() -> None:
        shelf = Shelf()

        async def look() -> str | None:
            return "caviar" if await shelf.look() or shelf.looks == 3 else None

        assert await Changes().until(QUEUE, look, seconds=LONG, is_gone=stays) == "caviar"

    within(test)
