"""What every request works with, made once when the server starts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from caviar.settings import Settings
from service.changes import Changes
from service.clock import Clock
from service.storage.database import Database

IDLE_SILENCE = timedelta(seconds=30)


@dataclass(frozen=True)
class Service:
    settings: Settings
    database: Database
    clock: Clock
    changes: Changes

    def now(self) -> datetime:
        return self.clock.now()

    @property
    def lease_ttl(self) -> timedelta:
        return self.settings.lease_ttl

    @property
    def worker_silence(self) -> timedelta:
        """A worker silent for longer counts as gone. An idle one speaks at least as often as its long poll ends."""
        return max(self.lease_ttl, IDLE_SILENCE)
