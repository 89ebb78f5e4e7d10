"""Waiting for a change without holding a thread or a connection: what long polls are made of."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Found = TypeVar("Found")
POLL_SECONDS = 1.0
"""How long a change made through another server may stay unnoticed here."""
QUEUE = "queue"
"""The topic of trials that became claimable."""


def ranking(search_id: int) -> str:
    """The topic of a search's leaderboard."""
    return f"ranking:{search_id}"


class Changes:
    """Made inside the running event loop; `announce` may be called from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._asking: dict[str, object] = {}
        self._is_closed = False

    def announce(self, *topics: str) -> None:
        self._loop.call_soon_threadsafe(self._wake, topics)

    def close(self) -> None:
        """Answer everybody now: the server is about to stop. May be called from a signal handler."""
        self._is_closed = True
        self._loop.call_soon_threadsafe(lambda: self._wake(tuple(self._listeners)))

    def _wake(self, topics: tuple[str, ...]) -> None:
        for topic in topics:
            for event in self._listeners.get(topic, ()):
                event.set()

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
        topic: str,
        attempt: Callable[[], Awaitable[Found | None]],
        *,
        seconds: float,
        is_gone: Callable[[], Awaitable[bool]],
    ) -> Found | None:
        """Call `attempt`, again after each change of the topic, until it finds something.

        None after `seconds`, when the caller is gone, or when the server stops.
        """
        deadline = self._loop.time() + seconds
        while not await is_gone():
            with self._listening(topic) as changed:
                found = await attempt()
                left = deadline - self._loop.time()
                if found is not None or left <= 0 or self._is_closed:
                    return found
                await _event_or_timeout(changed, min(left, POLL_SECONDS))
        return None

    @contextmanager
    def _listening(self, topic: str) -> Iterator[asyncio.Event]:
        """Begins before the attempt, so that a change during it is not missed."""
        event = asyncio.Event()
        self._listeners.setdefault(topic, set()).add(event)
        try:
            yield event
        finally:
            self._listeners[topic].discard(event)
            if not self._listeners[topic]:
                del self._listeners[topic]


async def _event_or_timeout(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
