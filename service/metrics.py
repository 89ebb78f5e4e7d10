"""What a server counts and times, for Prometheus to collect. Every name here is explained in docs/operating.md.

A registry per server process, never the library's own: several servers in one process count apart.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

import prometheus_client as prometheus
from prometheus_client.registry import Collector

from caviar.wire.protocol import Result, Status

prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]
REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
TRANSACTION_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Metrics:
    """What is done is counted by a method named after it, which any thread may call."""

    def __init__(self) -> None:
        self.registry = registry = prometheus.CollectorRegistry()
        self._claims = prometheus.Counter("caviar_claims", "Claims that were answered.", registry=registry)
        self._granted = prometheus.Counter("caviar_granted_trials", "Trials handed out to workers.", registry=registry)
        self._reports = _by_status("caviar_report_items", "Items of reports, by the status answered.", registry)
        self._finishes = _by_status("caviar_finish_items", "Items of finishes, by the status answered.", registry)
        self._lost = prometheus.Counter("caviar_lost_attempts", "Attempts whose lease ran out.", registry=registry)
        self._rounds = prometheus.Counter("caviar_planned_rounds", "Rounds that were opened.", registry=registry)
        self._trials = prometheus.Counter("caviar_planned_trials", "Trials that were queued.", registry=registry)
        self._plan_failures = prometheus.Counter(
            "caviar_plan_failures", "Searches that could not be planned; the next turn tries again.", registry=registry
        )
        self._turns = prometheus.Counter("caviar_turns", "The server's own turns.", ["outcome"], registry=registry)
        self._swept_at = prometheus.Gauge(
            "caviar_swept_timestamp_seconds", "When a turn last swept expired leases, since 1970.", registry=registry
        )
        self._dropped = prometheus.Counter(
            "caviar_dropped_reports", "Reports deleted because they were older than is kept.", registry=registry
        )
        self._requests = prometheus.Histogram(
            "caviar_request_seconds",
            "Time until the answer began, without what a request waited on purpose.",
            ["route", "method", "status"],
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self._transactions = prometheus.Histogram(
            "caviar_transaction_seconds",
            "From the wish for a transaction to its end.",
            ["kind"],
            buckets=TRANSACTION_BUCKETS,
            registry=registry,
        )
        self._commits = prometheus.Histogram(
            "caviar_commit_seconds", "What COMMIT took.", buckets=TRANSACTION_BUCKETS, registry=registry
        )
        for outcome in ("ok", "failed"):
            self._turns.labels(outcome)
        for kind in ("read", "write"):
            self._transactions.labels(kind)
        prometheus.ProcessCollector(namespace="caviar", pid=os.getpid, registry=registry)

    def watch(self, collector: Collector) -> None:
        """Ask this one too, whenever somebody collects."""
        self.registry.register(collector)

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return prometheus.generate_latest(self.registry)

    def claimed(self, granted: int) -> None:
        self._claims.inc()
        self._granted.inc(granted)

    def reported(self, results: Sequence[Result]) -> None:
        _count(self._reports, results)

    def finished(self, results: Sequence[Result]) -> None:
        _count(self._finishes, results)

    def lost(self, attempts: int) -> None:
        self._lost.inc(attempts)

    def planned(self, *, rounds: int, trials: int) -> None:
        self._rounds.inc(rounds)
        self._trials.inc(trials)

    def plan_failed(self) -> None:
        self._plan_failures.inc()

    def swept(self) -> None:
        """A turn of the server was done."""
        self._turns.labels("ok").inc()
        self._swept_at.set_to_current_time()

    def turn_failed(self) -> None:
        self._turns.labels("failed").inc()

    def dropped(self, reports: int) -> None:
        self._dropped.inc(reports)

    def answered(self, seconds: float, *, route: str, method: str, status: int) -> None:
        self._requests.labels(route, method, f"{status // 100}xx").observe(seconds)

    @contextmanager
    def transaction(self, kind: str) -> Iterator[None]:
        """Around a transaction: `read` or `write`."""
        start = perf_counter()
        try:
            yield
        finally:
            self.took(kind, perf_counter() - start)

    def took(self, kind: str, seconds: float) -> None:
        """A transaction, from the wish for it."""
        self._transactions.labels(kind).observe(seconds)

    def committed(self, seconds: float) -> None:
        self._commits.observe(seconds)


def _by_status(name: str, help_text: str, registry: prometheus.CollectorRegistry) -> prometheus.Counter:
    """With a zero for each status: a series that begins with its first error hides that error from `increase`."""
    counter = prometheus.Counter(name, help_text, ["status"], registry=registry)
    for status in Status:
        counter.labels(status.value)
    return counter


def _count(counter: prometheus.Counter, results: Iterable[Result]) -> None:
    for status, number in Counter(result.status for result in results).items():
        counter.labels(status.value).inc(number)
