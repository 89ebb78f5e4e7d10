"""The server's clock: the only one that decides anything. Workers know durations, storage is handed `now`."""

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """UTC that never runs backwards and never stands still.

    When the machine's clock steps back, ours goes on at its own pace until it is overtaken: nothing is reordered,
    and leases still run out.
    """

    def __init__(self) -> None:
        self._last = datetime.now(UTC)
        self._ticks = time.monotonic_ns()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            ticks = time.monotonic_ns()
            passed = timedelta(microseconds=(ticks - self._ticks) // 1000)
            # Only whole microseconds were counted: the rest is left for the next time.
            self._ticks += passed // timedelta(microseconds=1) * 1000
            self._last = max(self._last + passed, datetime.now(UTC))
            return self._last
