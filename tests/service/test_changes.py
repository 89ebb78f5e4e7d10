"""Waiting for a change: woken by announcements from any thread, by time, by the end of the server."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from service.changes import AT_ONCE, QUEUE, Changes, Topic, events, ranking

LONG = 20.0
"""Longer than any of these tests may take. Nobody looks again by himself: what is found was announced."""


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


def until(changes: Changes, shelf: Shelf, *, topic: Topic = QUEUE, seconds: float = LONG) -> Awaitable[str | None]:
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
            changes.announce(ranking(7), QUEUE)

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


class Row:
    """Callers who all want the same, in the order in which they came; each thing is found by one of them."""

    def __init__(self, changes: Changes, count: int) -> None:
        self._changes = changes
        self.things = 0
        self.looks = 0
        self.waiting: list[asyncio.Task[int | None]] = []
        self._count = count

    async def gather(self) -> None:
        """Everybody has looked in vain."""
        self.waiting = [asyncio.create_task(self._wait(number)) for number in range(self._count)]
        while self.looks < self._count:
            await asyncio.sleep(0)
        self.looks = 0

    async def lay_down(self, things: int) -> None:
        self.things += things
        self._changes.announce(QUEUE)
        for _ in range(20 * self._count):  # time enough for everybody to look and to leave
            await asyncio.sleep(0)

    def served(self) -> list[int]:
        return [number for number, task in enumerate(self.waiting) if task.done()]

    async def _wait(self, number: int) -> int | None:
        async def look() -> int | None:
            self.looks += 1
            await asyncio.sleep(0)
            if not self.things:
                return None
            self.things -= 1
            return number

        return await self._changes.until(QUEUE, look, seconds=LONG, is_gone=stays, wish="the same")


def test_one_thing_for_many_is_found_by_who_waited_longest_and_the_others_sleep_on() -> None:
    async def test() -> None:
        row = Row(Changes(), 200)
        await row.gather()
        await row.lay_down(1)
        assert row.served() == [0]
        assert row.looks <= AT_ONCE + 1

    within(test)


def test_who_finds_something_sends_the_next_so_that_nothing_is_left_while_somebody_waits() -> None:
    async def test() -> None:
        row = Row(Changes(), 60)
        await row.gather()
        await row.lay_down(45)
        assert row.served() == list(range(45))
        assert row.looks <= 45 + AT_ONCE
        await row.lay_down(100)
        assert row.served() == list(range(60))

    within(test)


@pytest.mark.parametrize("leaves", ["is cancelled", "fails", "is gone"])
def test_who_leaves_with_a_call_unanswered_passes_it_on(leaves: str) -> None:
    async def test() -> None:
        changes, is_called = Changes(), False

        async def fail() -> int | None:
            if is_called:
                raise RuntimeError("the database is gone")
            return None

        async def is_gone() -> bool:
            return is_called and leaves == "is gone"

        first = [
            asyncio.create_task(changes.until(QUEUE, fail, seconds=LONG, is_gone=is_gone, wish="the same"))
            for _ in range(AT_ONCE)
        ]
        await asyncio.sleep(0)
        row = Row(changes, 1)
        await row.gather()
        is_called = True
        changes.announce(QUEUE)
        await asyncio.sleep(0)
        if leaves == "is cancelled":
            for task in first:
                task.cancel()
        row.things = 1
        assert await row.waiting[0] == 0
        await asyncio.gather(*first, return_exceptions=True)

    within(test)


def test_those_who_want_something_else_are_told_as_well() -> None:
    async def test() -> None:
        changes, shelf = Changes(), Shelf()
        row = Row(changes, 50)
        await row.gather()
        waiting = asyncio.ensure_future(
            changes.until(QUEUE, shelf.look, seconds=LONG, is_gone=stays, wish="something else")
        )
        while not shelf.looks:
            await asyncio.sleep(0)
        shelf.thing = "caviar"
        changes.announce(QUEUE)
        assert await waiting == "caviar"
        changes.close()
        assert await asyncio.gather(*row.waiting) == [None] * 50

    within(test)


def test_what_nobody_waits_for_is_not_awaited_any_more() -> None:
    async def test() -> None:
        changes = Changes()
        with changes.listening(ranking(1), events(1)), changes.listening(ranking(1)):
            assert changes.awaited() == {ranking(1), events(1)}
        await until(changes, Shelf(), seconds=0.0)
        assert changes.awaited() == set()

    within(test)
