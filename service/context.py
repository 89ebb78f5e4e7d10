"""What every request works with, made once when the server starts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from caviar.settings import Settings
from caviar.wire.events import SearchEvent
from service.changes import Changes
from service.clock import Clock
from service.metrics import Metrics
from service.storage.database import Database
from service.together import Together


@dataclass(frozen=True)
class Service:
    settings: Settings
    database: Database
    clock: Clock
    changes: Changes
    looks: Together[SearchEvent | None] = field(default_factory=Together)
    """What open event streams read of their searches."""
    metrics: Metrics = field(default_factory=Metrics)

    def now(self) -> datetime:
        return self.clock.now()

    @property
    def lease_ttl(self) -> timedelta:
        return self.settings.lease_ttl
