"""What is not counted but looked up when somebody collects: the depth of the queue, live workers, waiting requests."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from caviar.errors import Unavailable
from service.context import Service
from service.storage import census, workers
from service.storage.census import Census


class Gauges(Collector):
    def __init__(self, service: Service) -> None:
        self._service = service

    def describe(self) -> list[Metric]:
        """Nothing: the registry would otherwise collect, and ask the database, when this joins it."""
        return []

    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("caviar_waiting_requests", "Requests that are held open until something changes.")
        waiting.add_metric([], self._service.changes.waiting)
        yield waiting
        found = self._look()
        is_up = GaugeMetricFamily("caviar_database_up", "1 when the database answered this collection, else 0.")
        is_up.add_metric([], float(found is not None))
        yield is_up
        if found is not None:
            yield from _families(found)

    def _look(self) -> Census | None:
        since = workers.alive_since(self._service.now(), self._service.lease_ttl)
        try:
            with self._service.database.read() as tx:
                return census.take(tx, alive_since=since)
        except Unavailable:
            return None


def _families(found: Census) -> Iterator[Metric]:
    queued = GaugeMetricFamily("caviar_queued_trials", "Queued trials of active searches.", labels=["trainer"])
    running = GaugeMetricFamily("caviar_running_trials", "Trials that workers hold.", labels=["trainer"])
    for queue in found.queues:
        queued.add_metric([queue.trainer], queue.queued)
        running.add_metric([queue.trainer], queue.running)
    live = GaugeMetricFamily("caviar_live_workers", "Live workers that offer a trainer.", labels=["trainer"])
    # A trainer that nobody offers is what one wants to be woken for, and is nothing if it is not there.
    for trainer in sorted({queue.trainer for queue in found.queues} | set(found.live_workers)):
        live.add_metric([trainer], found.live_workers.get(trainer, 0))
    searches = GaugeMetricFamily("caviar_open_searches", "Searches that have not ended.", labels=["state"])
    for state, number in found.searches.items():
        searches.add_metric([state], number)
    yield from (queued, running, live, searches)
