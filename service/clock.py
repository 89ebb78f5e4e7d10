"""The server's clock: the only one that decides anything. Workers know durations, storage is handed `now`."""

import threading
from datetime import UTC, datetime


class Clock:
    """UTC that never runs backwards, so that a step of the machine's clock cannot reorder what was stored."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self._last = max(self._last, datetime.now(UTC))
            return self._last
