"""One read for all who ask at the same time, and never one that began before they asked."""

import asyncio
from itertools import count

import pytest

from service.together import Together


def test_all_who_ask_before_a_read_begins_share_it() -> None:
    async def test() -> None:
        together: Together[int] = Together()
        numbers, may_end = count(), asyncio.Event()

        async def make() -> int:
            number = next(numbers)
            await may_end.wait()
            return number

        first = asyncio.create_task(together.read("a", make))
        await asyncio.sleep(0)
        late = [asyncio.create_task(together.read("a", make)) for _ in range(100)]
        other = asyncio.create_task(together.read("b", make))
        await asyncio.sleep(0)
        may_end.set()
        # The first read had begun when the others asked, and may have missed what they ask for.
        assert await first == 0
        assert await other == 1
        assert set(await asyncio.gather(*late)) == {2}
        assert await together.read("a", make) == 3

    asyncio.run(test())


def test_a_read_that_fails_is_made_again_by_the_next_who_asked() -> None:
    async def test() -> None:
        together: Together[int] = Together()
        numbers = count()

        async def make() -> int:
            await asyncio.sleep(0)
            if (number := next(numbers)) == 0:
                raise RuntimeError("the database is gone")
            return number

        first, second = asyncio.create_task(together.read("a", make)), asyncio.create_task(together.read("a", make))
        with pytest.raises(RuntimeError):
            await first
        assert await second == 1

    asyncio.run(test())
