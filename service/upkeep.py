"""What a server clears away by itself, a little in each turn: reports that are older than the settings keep."""

from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter

from service.context import Service
from service.storage import retention

MOST = 1000
"""Reports per transaction: others wait for its end."""
BUSY_SECONDS = 0.2
"""How much of a turn may go into this."""
LONGEST_REST = timedelta(hours=1)


class Upkeep:
    """Goes through all trials, then rests: what is kept for days need not go to the minute."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._keep = service.settings.report_retention
        self._position: int | None = None
        self._rests_until = datetime.min.replace(tzinfo=UTC)

    def turn(self) -> None:
        """Go on where the last turn stopped. Called again after a failure, it looks at the same piece again."""
        now = self._service.now()
        if self._keep is None or (self._position is None and now < self._rests_until):
            return
        end = perf_counter() + BUSY_SECONDS
        while True:
            self._position = self._clear(now - self._keep, self._position or 0)
            if self._position is None:
                self._rests_until = now + min(LONGEST_REST, self._keep / 24)
            if self._position is None or perf_counter() > end:
                return

    def _clear(self, before: datetime, position: int) -> int | None:
        database = self._service.database
        with database.read() as tx:
            piece = retention.look(tx, before=before, position=position, most=MOST)
        if piece.reports:
            self._service.metrics.dropped(database.run(partial(retention.delete, reports=piece.reports)))
        return piece.position
