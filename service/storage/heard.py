"""What workers said of themselves a moment ago, so that their wide rows are not written with every claim and finish."""

import threading
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

PLACE = "heard"
"""Where a connection keeps it, all of one database the same."""
MOMENT = timedelta(seconds=1)
MOST = 10_000


class Heard:
    """By worker: what it said and when. Safe to use from any thread.

    Should the transaction be undone that was to write it down, the worker's row is a moment older than it could be.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, datetime]] = {}
        self._lock = threading.Lock()

    def is_old_news(self, worker: str, said: Any = None, *, now: datetime) -> bool:
        """Whether the same was heard within the last moment; if not, it is now. `said`: None for a sign of life."""
        with self._lock:
            before, at = self._known.get(worker, (None, datetime.min.replace(tzinfo=now.tzinfo)))
            if timedelta(0) <= now - at < MOMENT and said in (None, before):
                return True
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[worker] = (before if said is None else said, now)
            return False


def heard_of(tx: Connection) -> Heard:
    found: Heard = tx.info[PLACE]
    return found
