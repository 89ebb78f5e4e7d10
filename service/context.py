"""What every request works with, made once when the server starts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from anyio import CapacityLimiter

from caviar.settings import Settings
from caviar.wire.events import SearchEvent
from service.changes import Changes
from service.clock import Clock
from service.metrics import Metrics
from service.storage.database import Database
from service.together import Together

CHARTS_AT_ONCE = 2
"""However many look on: who draws takes the processor from the workers' requests."""
Picture = tuple[str, str]
"""The ETag and the body of a chart."""


@dataclass(frozen=True)
class Service:
    settings: Settings
    database: Database
    clock: Clock
    changes: Changes
    looks: Together[SearchEvent | None] = field(default_factory=Together)
    """What open event streams read of their searches."""
    pictures: Together[Picture] = field(default_factory=Together)
    """Charts that are being drawn."""
    drawing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(CHARTS_AT_ONCE))
    metrics: Metrics = field(default_factory=Metrics)

    def now(self) -> datetime:
        return self.clock.now()

    @property
    def lease_ttl(self) -> timedelta:
        return self.settings.lease_ttl
