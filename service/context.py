"""What every request works with, made once when the server starts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from caviar.settings import Settings
from service.changes import Changes
from service.clock import Clock
from service.storage.database import Database


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
