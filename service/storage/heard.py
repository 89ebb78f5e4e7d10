"""Of whom there was a sign of life a moment ago, so that a worker's row is not written with every word of it."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

PLACE = "heard"
"""Where a connection keeps it, all of one database the same."""
MOMENT = timedelta(seconds=1)
MOST = 10_000


class Heard:
    """By worker: when it was last heard, and what it offered then. Safe to use from any thread.

    Should the transaction be undone that was to write it down, the worker's row is a moment older than it could be.
    """

    def __init__(self) -> None:
        self._last: dict[str, datetime] = {}
        self._offers: dict[str, Mapping[str, Any]] = {}
        self._lock = threading.Lock()

    def is_old_news(self, worker: str, *, now: datetime, offers: Mapping[str, Any] | None = None) -> bool:
        """Whether it was heard within the last moment, and its row says these `offers`; if not, it is heard now."""
        with self._lock:
            at = self._last.get(worker)
            is_recent = at is not None and timedelta(0) <= now - at < MOMENT
            if is_recent and (offers is None or self._offers.get(worker) == offers):
                return True
            if len(self._last) >= MOST:
                self._last.clear()
                self._offers.clear()
            self._last[worker] = now
            return False

    def note(self, worker: str, offers: Mapping[str, Any]) -> None:
        """Its row was found, and says this now or soon."""
        with self._lock:
            self._offers[worker] = offers


def heard_of(tx: Connection) -> Heard:
    found: Heard = tx.info[PLACE]
    return found
