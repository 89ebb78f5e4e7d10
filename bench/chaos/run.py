"""One run: a server, workers and a user under faults until every search has ended, then settle, then the evidence."""

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.chaos import evidence, history, objective
from bench.chaos.evidence import Told
from bench.chaos.fleet import Fleet, Harm
from bench.chaos.history import Event, History
from bench.chaos.plan import Fault, Targets, schedule
from bench.chaos.postgres import Cluster, running_cluster
from bench.chaos.proxy import KINDS, Proxy
from bench.chaos.server import Server
from bench.chaos.user import User
from caviar.client import Client
from caviar.errors import CaviarError
from caviar.states import OPEN_SEARCH_STATES
from caviar.wire.searches import SearchAnswer

SHARES = {"random": 0.5, "sobol": 0.3, "zoom": 0.2}
"""Of the trials, by sampler: one search each."""
CAPACITY = 4
_LOOK_SECONDS = 0.03
_STALLED_SECONDS = 60.0
"""So long without a trial that ends, and a run is given up: what is open then is stuck."""


@dataclass(frozen=True)
class Config:
    seed: int
    trials: int
    database: str
    workers: int
    ttl_seconds: float
    targets: Targets
    folder: Path
    """Takes histories, logs and the SQLite file."""
    bug: str | None = None


@dataclass(frozen=True)
class Happened:
    """A fault, with its times (time.monotonic): a server that was killed answers again at its end, a network too."""

    kind: str
    began: float
    ended: float


@dataclass(frozen=True)
class Outcome:
    """All that a run left behind."""

    events: Sequence[Event]
    told: Sequence[Told]
    harms: Sequence[Harm]
    log: Sequence[Happened]
    """Faults other than the proxy's, as they happened."""
    proxied: Mapping[str, int]
    """The proxy's faults, by kind."""
    missed: Mapping[str, int]
    """Faults that the searches ended too soon for."""
    answered: Mapping[int, int]
    """The server's answers that passed the proxy, by status."""
    stop_seconds: Sequence[float]
    drain_seconds: Sequence[float]
    complaints: Sequence[str]
    """Workers that ended by themselves, requests of the user that nobody answered."""
    tracebacks: Sequence[str]
    most_over_parallel: int
    """By how many trials one search was seen to run more than its `parallel` at once."""
    clock_offset: float
    """What time.time() is ahead of time.monotonic(): the server's times are the former, all others the latter."""
    seconds: float
    database: str


def run(config: Config) -> Outcome:
    with _stage(config) as stage:
        stage.play()
        stage.settle()
        return stage.leave()


@contextmanager
def _stage(config: Config) -> Iterator["_Stage"]:
    chance = random.Random(config.seed)
    with ExitStack() as stack:
        cluster = stack.enter_context(running_cluster()) if config.database == "postgres" else None
        store_url = f"sqlite:///{config.folder / 'caviar.db'}" if cluster is None else cluster.url
        server = Server(store_url, config.folder, ttl_seconds=config.ttl_seconds, bug=config.bug)
        stack.callback(server.close)
        server.start()
        proxy = stack.enter_context(Proxy(server.port, seed=config.seed))
        fleet = Fleet(
            proxy.url, config.folder, count=config.workers, capacity=CAPACITY,
            heartbeat_seconds=min(0.5, config.ttl_seconds / 4), chance=chance,
        )  # fmt: skip
        stack.callback(fleet.close)
        user = stack.enter_context(User(proxy.url, History(config.folder / "user.jsonl")))
        client = stack.enter_context(Client(server.url, timeout=10.0))
        yield _Stage(config, chance, cluster, server, proxy, fleet, user, client)


def specs(config: Config) -> list[dict[str, Any]]:
    """Their trials add up to the run's."""
    first = [int(config.trials * share) for share in list(SHARES.values())[1:]]
    counts = [config.trials - sum(first), *first]
    return [
        {
            "name": f"chaos-{sampler}",
            "trainer": objective.TRAINER,
            "metric": objective.METRIC,
            "goal": "minimize",
            "space": objective.SPACE,
            "sampler": sampler,
            "trials": count,
            "parallel": config.workers * (2 if sampler == "zoom" else CAPACITY),
            "seed": config.seed,
        }
        for sampler, count in zip(SHARES, counts, strict=True)
        if count
    ]


@dataclass
class _Stage:
    config: Config
    chance: random.Random
    cluster: Cluster | None
    server: Server
    proxy: Proxy
    fleet: Fleet
    user: User
    client: Client
    searches: list[str] = field(default_factory=list)
    log: list[Happened] = field(default_factory=list)
    left: list[Fault] = field(default_factory=list)
    unmet: Counter[str] = field(default_factory=Counter)
    """Orders to the proxy that no request met."""
    most_over: int = 0
    """By how many trials more than `parallel` one search ran at once, as far as anybody saw."""
    began: float = field(default_factory=time.monotonic)

    def play(self) -> None:
        """Until every search has ended, or none gets anywhere any more."""
        self.left = schedule(self.config.targets, seed=self.config.seed)
        self.searches = [self.user.submit(spec) for spec in specs(self.config)]
        ended, moved_at = -1, time.monotonic()
        while time.monotonic() - moved_at < _STALLED_SECONDS:
            self.fleet.tend()
            if (found := self._look()) is not None:
                if all(search.state not in OPEN_SEARCH_STATES for search in found):
                    return
                if (now_ended := sum(search.progress.finished for search in found)) != ended:
                    ended, moved_at = now_ended, time.monotonic()
                self._harm(ended / self.config.trials)
            time.sleep(_LOOK_SECONDS)

    def _look(self) -> list[SearchAnswer] | None:
        """The searches; None while the server does not answer."""
        try:
            found = list(self.client.searches().items)
        except CaviarError:
            return None
        over = [search.counts.running - int(search.spec["parallel"]) for search in found]
        self.most_over = max([self.most_over, *over])
        return found

    def _harm(self, progress: float) -> None:
        """Every fault that is due; one that nobody can suffer now comes first the next time."""
        while self.left and self.left[0].progress <= progress:
            if not self._happen(self.left[0].kind):
                return
            self.left.pop(0)

    def _happen(self, kind: str) -> bool:
        if kind in KINDS:
            self.proxy.order(kind)
            return True
        began = time.monotonic()
        has_happened = self._ways()[kind]()
        if has_happened:
            ended = self.proxy.refuses_until if kind == "partition" else time.monotonic()
            self.log.append(Happened(kind, began, ended))
        return has_happened

    def _ways(self) -> dict[str, Callable[[], bool]]:
        ttl_seconds = self.config.ttl_seconds
        return {
            "worker_kill": lambda: self.fleet.kill(self._busy()),
            "worker_term": lambda: self.fleet.terminate(self._busy()),
            "pause": lambda: self.fleet.pause(self._busy(), seconds=ttl_seconds * self.chance.uniform(1.3, 2.0)),
            "server_kill": self._kill_server,
            "server_term": self._terminate_server,
            "db_restart": self._restart_database,
            "partition": lambda: self._part(ttl_seconds * self.chance.uniform(0.2, 0.8)),
            "enqueue": self._enqueue,
            "cancel": self._cancel,
        }

    def _busy(self) -> set[str]:
        """The workers that hold trials."""
        try:
            return {worker.name for worker in self.client.workers(limit=1000).items if worker.running}
        except CaviarError:
            return set()

    def _kill_server(self) -> bool:
        self.server.kill()
        self.server.start()
        return True

    def _terminate_server(self) -> bool:
        self.server.terminate()
        self.server.start()
        return True

    def _restart_database(self) -> bool:
        assert self.cluster is not None
        self.cluster.restart_immediately()
        return True

    def _part(self, seconds: float) -> bool:
        self.proxy.partition(seconds)
        return True

    def _enqueue(self) -> bool:
        search = self.chance.choice(self.searches)
        hparams: dict[str, Any] = {"rate": 10 ** -self.chance.uniform(0, 4), "units": self.chance.randint(10, 100)}
        hparams |= {"kind": "c", "steps": self.chance.choice([4, 6, 8])}
        self.user.soon(lambda: self.user.enqueue(search, hparams))
        return True

    def _cancel(self) -> bool:
        search, chance = self.chance.choice(self.searches), random.Random(self.chance.getrandbits(32))
        self.user.soon(lambda: self.user.cancel(search, chance))
        return True

    def settle(self) -> None:
        """No more faults; what can still end has the time to, and what comes late has the time to come."""
        self.unmet = self.proxy.heal()
        self.fleet.wake_all()
        self.user.finish()
        moved_at = time.monotonic()
        while time.monotonic() - moved_at < _STALLED_SECONDS:
            self.fleet.tend()
            found = self._look()
            if found is not None and all(search.state not in OPEN_SEARCH_STATES for search in found):
                break
            time.sleep(_LOOK_SECONDS)
        deadline = time.monotonic() + 2 * self.config.ttl_seconds
        while time.monotonic() < deadline:
            self.fleet.tend()
            time.sleep(_LOOK_SECONDS)

    def leave(self) -> Outcome:
        """End the workers, read what the server says, end the server."""
        self.fleet.close()
        told = evidence.read(self.client)
        self.server.terminate()
        return Outcome(
            events=history.read(self.config.folder),
            told=told,
            harms=self.fleet.harms,
            log=self.log,
            proxied=self.proxy.done,
            missed=Counter(fault.kind for fault in self.left) + self.unmet,
            answered=self.proxy.answered,
            stop_seconds=self.server.stop_seconds,
            drain_seconds=self.fleet.drain_seconds,
            complaints=[*self.fleet.crashes, *self.user.failures],
            tracebacks=self.server.tracebacks(),
            most_over_parallel=self.most_over,
            clock_offset=time.time() - time.monotonic(),
            seconds=time.monotonic() - self.began,
            database=_version(self.cluster),
        )


def _version(cluster: Cluster | None) -> str:
    if cluster is None:
        return f"SQLite {sqlite3.sqlite_version}"
    return f"Postgres {cluster.version()}"
