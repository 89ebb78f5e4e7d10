"""Of whom there was a sign of life a moment ago, so that a worker's row is not written with every report and finish."""

import threading
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

PLACE = "heard"
"""Where a connection keeps it, all of one database the same."""
MOMENT = timedelta(seconds=1)
MOST = 10_000


class Heard:
    """By worker: when it was last heard. Safe to use from any thread.

    Should the transaction be undone that was to write it down, the worker's row is a moment older than it could be.
    """

    def __init__(self) -> None:
        self._last: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def is_old_news(self, worker: str, *, now: datetime) -> bool:
        """Whether it was heard within the last moment; if not, it is now."""
        with self._lock:
            at = self._last.get(worker)
            if at is not None and timedelta(0) <= now - at < MOMENT:
                return True
            if len(self._last) >= MOST:
                self._last.clear()
            self._last[worker] = now
            return False


def heard_of(tx: Connection) -> Heard:
    found: Heard = tx.info[PLACE]
    return found
