"""Waiting for a change without holding a thread or a connection: what long polls and event streams are made of."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeVar

Found = TypeVar("Found")
AT_ONCE = 4
"""So many of those who want the same are called when something comes; each that finds something calls one more."""


@dataclass
class Waited:
    """What the request at hand has waited on purpose, which is no sign of a slow server."""

    seconds: float = 0.0


WAITED: ContextVar[Waited | None] = ContextVar("waited", default=None)
"""Set by whoever wants to know."""


class Topic(NamedTuple):
    """What is waited for."""

    kind: str
    search: int = 0


QUEUE = Topic("queue")
"""Trials that became claimable."""


def ranking(search_id: int) -> Topic:
    """A search's leaderboard."""
    return Topic("ranking", search_id)


def events(search_id: int) -> Topic:
    """Everything of a search that its change counter counts."""
    return Topic("events", search_id)


class Turn:
    """The place of one who waits. A call that it has not answered when it leaves is passed on to the next in line."""

    def __init__(self) -> None:
        self._calls = self._answered = 0
        self._called = asyncio.Event()

    @property
    def is_called(self) -> bool:
        return self._calls > self._answered

    def call(self) -> None:
        self._calls += 1
        self._called.set()

    def look(self) -> Callable[[], None]:
        """Call it before looking; what it gives, after having looked in vain. A call in between stays open."""
        calls = self._calls

        def answer() -> None:
            self._answered = calls
            if not self.is_called:
                self._called.clear()

        return answer

    async def called(self, seconds: float) -> None:
        """Until it is called, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._called.wait()


Line = dict[Turn, None]
"""Who wants the same, in the order in which they came."""


class Changes:
    """Made inside the running event loop; `announce` and `close` may be called from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines: dict[Topic, dict[Hashable, Line]] = {}
        self._asking: dict[str, object] = {}
        self.is_closed = False
        """The server is about to stop: nobody waits any more."""
        self.waiting = 0
        """How many places in line are taken at this moment."""

    def announce(self, *topics: Topic) -> None:
        self._loop.call_soon_threadsafe(self._call, topics)

    def close(self) -> None:
        """Let everybody go now: the server is about to stop. May be called from a signal handler."""
        self.is_closed = True
        self._loop.call_soon_threadsafe(self._call_all)

    def awaited(self) -> set[Topic]:
        """What somebody waits for now."""
        return set(self._lines)

    def _call(self, topics: Iterable[Topic]) -> None:
        for topic in topics:
            for line in self._lines.get(topic, {}).values():
                for turn in islice(line, AT_ONCE):
                    turn.call()

    def _call_all(self) -> None:
        for lines in self._lines.values():
            for line in lines.values():
                for turn in line:
                    turn.call()

    @contextmanager
    def asking(self, key: str) -> Iterator[Callable[[], bool]]:
        """Ask under a key. What it gives says whether somebody has asked under the same key since.

        A worker that repeats a claim has left the first one behind; what that one would still take, nobody would run.
        """
        mine = object()
        self._asking[key] = mine
        try:
            yield lambda: self._asking.get(key) is not mine
        finally:
            if self._asking.get(key) is mine:
                del self._asking[key]

    async def until(
        self,
        topic: Topic,
        attempt: Callable[[], Awaitable[Found | None]],
        *,
        seconds: float,
        is_gone: Callable[[], Awaitable[bool]],
        wish: Hashable = None,
    ) -> Found | None:
        """Make the attempt, again after each change of the topic, until it finds something.

        None after `seconds`, when the caller is gone by the end of a wait, or when the server stops.

        Callers of one `wish` want the same: where one finds nothing, no other would. Of a change they are not all told,
        but the AT_ONCE that have waited longest, and one more for each that found something. Without a wish, all are.
        """
        deadline = self._loop.time() + seconds
        with self.listening(topic, wish=wish) as turn:
            while True:
                answer = turn.look()
                found = await attempt()
                left = deadline - self._loop.time()
                if found is not None or left <= 0 or self.is_closed:
                    return found
                answer()
                await self._wait(turn, left)
                if await is_gone() or self.is_closed:
                    return None

    async def _wait(self, turn: Turn, seconds: float) -> None:
        start = self._loop.time()
        try:
            await turn.called(seconds)
        finally:
            if (waited := WAITED.get()) is not None:
                waited.seconds += self._loop.time() - start

    @contextmanager
    def listening(self, *topics: Topic, wish: Hashable = None) -> Iterator[Turn]:
        """A place in line. Begins before the first look, so that a change during it is not missed."""
        turn = Turn()
        key = turn if wish is None else wish
        for topic in topics:
            self._lines.setdefault(topic, {}).setdefault(key, {})[turn] = None
        self.waiting += 1
        try:
            yield turn
        finally:
            self.waiting -= 1
            for topic in topics:
                self._leave(topic, key, turn)

    def _leave(self, topic: Topic, key: Hashable, turn: Turn) -> None:
        lines = self._lines[topic]
        line = lines[key]
        del line[turn]
        if not line:
            del lines[key]
        elif turn.is_called and not self.is_closed:
            following = next((other for other in line if not other.is_called), None)
            if following is not None:
                following.call()
        if not lines:
            del self._lines[topic]
