"""One read for all who ask for the same at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass
class _Desk(Generic[Value]):
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    guests: int = 0
    begun: int = -1
    values: list[Value] = field(default_factory=list)


class Together(Generic[Value]):
    """Belongs to one event loop. Keeps nothing longer than somebody waits for it."""

    def __init__(self) -> None:
        self._desks: dict[Hashable, _Desk[Value]] = {}
        self._order = count()

    async def read(self, key: Hashable, make: Callable[[], Awaitable[Value]]) -> Value:
        """A value that was made after this call: its own, or that of another who asked for the same key."""
        asked = next(self._order)
        desk = self._desks.setdefault(key, _Desk())
        desk.guests += 1
        try:
            async with desk.lock:
                if desk.begun < asked:
                    begun = next(self._order)
                    desk.values = [await make()]
                    desk.begun = begun
                return desk.values[0]
        finally:
            desk.guests -= 1
            if not desk.guests:
                del self._desks[key]
