"""A small world on one thread: servers, workers and a network that loses, repeats and delays, in simulated time.

Everything that happens follows from the seed: the order of events, the keys, and what goes wrong. What the servers do
is the product's own: service.queue and service.turns over one database, each server on a service.clock of its own.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import partial
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Self, TypeVar

import pytest

from caviar.settings import Settings
from caviar.spec import SearchSpec
from service import queue, searches
from service.changes import Changes
from service.clock import Clock
from service.context import Service
from service.storage.claims import Grant
from service.storage.database import Database
from service.turns import begin, turn
from tests.service.desk import START, a_claim, a_report, an_outcome
from tests.service.trouble import Mortal, ServerDied, Trouble

Found = TypeVar("Found")
STEPS = 3
PATIENCE_SECONDS = 6.0
"""After so long a sender that was not answered sends the same again."""
LONGEST_SECONDS = 1500.0
"""Nothing that has gone wrong excuses a search that has not ended by then."""


def score(hparams: Any, step: int = STEPS) -> float:
    """What training gives: the same whoever does it, and however often."""
    return float((hparams["x"] - 0.3) ** 2 + 1.0 / step)


class World:
    def __init__(self, database: Database, folder: Path, *, seed: int, servers: int, trouble: Trouble) -> None:
        self.random, self.trouble, self.seconds = Random(seed), trouble, 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._loop = asyncio.new_event_loop()
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr("service.queue.run_sync", _on_this_thread)
        self._patch.setattr("service.clock.datetime", self._machine_time())
        self._patch.setattr("service.clock.time", SimpleNamespace(monotonic_ns=lambda: round(self.seconds * 1e9)))
        self.database = database
        self.turned: dict[int, timedelta] = {}
        """How far each server's machine is from the true time."""
        self.at_hand = 0
        """The number of the server that does something at this moment."""
        self.servers = [Server(self, folder, number=number) for number in range(servers)]
        self.workers = [Worker(self, f"worker-{number}") for number in range(4)]
        self.acknowledged: dict[tuple[int, int], str] = {}
        """By (trial, attempt), the outcome that a worker was told is stored."""
        self.reported: set[tuple[int, int, int]] = set()
        """(trial, attempt, step) of reports that were answered with ok before their attempt's finish was sent."""
        self.given: dict[tuple[int, int], str] = {}
        self.wrong: list[str] = []

    def _machine_time(self) -> type[datetime]:
        world = self

        class Shown(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                at = START + timedelta(seconds=world.seconds) + world.turned[world.at_hand]
                return cls(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, tzinfo=tz)

        return Shown

    def close(self) -> None:
        self._patch.undo()
        self._loop.close()

    @property
    def is_calm(self) -> bool:
        return self.seconds >= self.trouble.seconds

    def chance(self, probability: float) -> bool:
        return not self.is_calm and self.random.random() < probability

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        heappush(self._events, (self.seconds + seconds, next(self._order), act))

    def wait_for(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)

    def run(self, specs: Sequence[SearchSpec]) -> list[int]:
        """Until every search has ended, or long past any excuse; returns the ids of the searches."""
        made: dict[int, int] = {}
        for number, spec in enumerate(specs):
            self._submit(made, number, spec)
        for server in self.servers:
            server.take_turns()
        for worker in self.workers:
            worker.look_for_work()
        self.after(self.trouble.every_seconds, self._make_trouble)
        while not (len(made) == len(specs) and self.is_calm and self._is_over(list(made.values()))):
            self.seconds, _, act = heappop(self._events)
            assert self.seconds < LONGEST_SECONDS, "the searches do not end"
            act()
        return [made[number] for number in range(len(specs))]

    def _is_over(self, ids: list[int]) -> bool:
        return not any(searches.read(self.servers[0].service, search_id).is_open for search_id in ids)

    def _submit(self, made: dict[int, int], number: int, spec: SearchSpec) -> None:
        """A user who repeats a POST until it is answered, under one Idempotency-Key."""

        def create(server: "Server") -> int:
            return searches.create(server.service, spec, idempotency_key=f"key {number}").id

        def keep(search_id: int) -> None:
            if made.setdefault(number, search_id) != search_id:
                self.wrong.append(f"one key created the searches {made[number]} and {search_id}")

        def again() -> None:
            if number not in made:
                self.send(create, keep)
                self.after(PATIENCE_SECONDS, again)

        again()

    def send(self, call: "Callable[[Server], Found]", answered: Callable[[Found], None]) -> None:
        """Over the network, to any server: perhaps never, perhaps twice, perhaps much later."""
        for _ in range(2 if self.chance(self.trouble.repeated) else 1):
            if not self.chance(self.trouble.dropped):
                self.after(self._delay(), lambda: self._deliver(call, answered))

    def _deliver(self, call: "Callable[[Server], Found]", answered: Callable[[Found], None]) -> None:
        server = self.random.choice(self.servers)
        if server.is_down:
            return
        self.at_hand = server.number
        try:
            found = call(server)
        except ServerDied:
            server.go_down()
            return
        if not self.chance(self.trouble.unanswered):
            self.after(self._delay(), lambda: answered(found))

    def _delay(self) -> float:
        return self.random.uniform(5, 70) if self.chance(self.trouble.late) else self.random.uniform(0.001, 0.2)

    def _make_trouble(self) -> None:
        if self.is_calm:
            return
        self.after(self.random.uniform(0, 2 * self.trouble.every_seconds), self._make_trouble)
        worker, server = self.random.choice(self.workers), self.random.choice(self.servers)
        act = self.random.choice(
            [
                worker.die,
                worker.sleep,
                worker.give_back,
                server.go_down,
                lambda: server.database.die(after_commit=True),
                lambda: server.database.die(after_commit=False),
                self._turn_clocks,
            ]
        )
        act()

    def _turn_clocks(self) -> None:
        """Of all servers at once: their time is set by one source."""
        hours = self.random.choice([-1, 1])
        for server in self.servers:
            self.turned[server.number] += timedelta(hours=hours)


class Server:
    def __init__(self, world: World, folder: Path, *, number: int) -> None:
        self.world, self.folder, self.number = world, folder, number
        self.database = Mortal(world.database)
        self.is_down = False
        world.turned[number] = timedelta(seconds=2 * number)
        self._begin()

    def _begin(self) -> None:
        async def changes() -> Changes:
            return Changes()

        self.world.at_hand = self.number
        settings = Settings(data_dir=self.folder)
        self.service = Service(settings, self.database, Clock(), self.world.wait_for(changes()))
        self._last = begin(self.service)

    def go_down(self) -> None:
        if not self.is_down:
            self.is_down = True
            self.world.after(self.world.random.choice([0.5, 5, 70]), self._come_back)

    def _come_back(self) -> None:
        self.is_down = False
        self.database.is_dying = None
        self._begin()

    def take_turns(self) -> None:
        if not self.is_down:
            self.world.at_hand = self.number
            try:
                self._last = turn(self.service, self._last)
            except ServerDied:
                self.go_down()
        self.world.after(5.0, self.take_turns)


async def _on_this_thread(work: Callable[..., Found], *arguments: Any) -> Found:
    return work(*arguments)


@dataclass
class Job:
    grant: Grant
    step: int = 0
    is_finished: bool = False

    @property
    def key(self) -> tuple[int, int]:
        return self.grant.trial.id, self.grant.trial.attempt


@dataclass
class Worker:
    """Claims, reports every step, beats, finishes, and repeats whatever is not answered. Its clock has its own pace."""

    world: World
    name: str
    jobs: dict[tuple[int, int], Job] = field(default_factory=dict)
    _life: int = 0
    _asleep_until: float = 0.0

    def __post_init__(self) -> None:
        self.capacity, self.pace = self.world.random.randint(1, 3), self.world.random.uniform(0.8, 1.25)
        self._later(7.0, self._beat)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self.world.after(seconds * self.pace, self._if_alive(act))

    def _if_alive(self, act: Callable[..., None]) -> Callable[..., None]:
        """Done only in the life in which it was begun, and not before its sleep is over."""
        life = self._life

        def when_awake(*arguments: Any) -> None:
            if life != self._life:
                return
            if self.world.seconds < self._asleep_until:
                self.world.after(self._asleep_until - self.world.seconds, lambda: when_awake(*arguments))
                return
            act(*arguments)

        return when_awake

    def _ask(self, call: Callable[[Server], Found], answered: Callable[[Found], None]) -> None:
        """Until it is answered; what is answered again is ignored."""
        is_answered = False

        def hear(found: Found) -> None:
            nonlocal is_answered
            if not is_answered:
                is_answered = True
                answered(found)

        first = self._if_alive(hear)

        def again() -> None:
            if not is_answered:
                self.world.send(call, first)
                self._later(PATIENCE_SECONDS, again)

        again()

    # What happens to it.

    def die(self) -> None:
        """Another of its name is started a little later, and knows nothing."""
        self._life += 1
        self.jobs = {}
        self._later(self.world.random.uniform(0, 40), self.look_for_work)
        self._later(7.0, self._beat)

    def sleep(self) -> None:
        self._asleep_until = self.world.seconds + self.world.random.uniform(20, 80)

    def give_back(self) -> None:
        for job in self.jobs.values():
            self._finish(job, "returned")

    # What it does.

    def look_for_work(self) -> None:
        free = self.capacity - len(self.jobs)
        if free <= 0:
            self._later(3.0, self.look_for_work)
            return
        request = a_claim(self.name, capacity=free, key=f"{self.world.random.getrandbits(128):032x}")

        def claim(server: Server) -> list[Grant]:
            grants = self.world.wait_for(queue.claim(server.service, request, search_id=None)) or []
            for grant in grants:
                holder = self.world.given.setdefault((grant.trial.id, grant.trial.attempt), request.claim_key)
                if holder != request.claim_key:
                    self.world.wrong.append(f"attempt {grant.trial.attempt} of trial {grant.trial.id} was given twice")
            return grants

        def take(grants: list[Grant]) -> None:
            for grant in grants:
                job = Job(grant)
                self.jobs[job.key] = job
                self._later(self.world.random.uniform(1, 8), partial(self._train, job))
            self._later(1.0 if grants else 3.0, self.look_for_work)

        self._ask(claim, take)

    def _train(self, job: Job) -> None:
        if self.jobs.get(job.key) is not job or job.is_finished:
            return
        job.step += 1
        step = job.step
        item = a_report(job.grant, step, score=score(job.grant.trial.hyperparameters, step))

        def report(server: Server) -> str:
            (result,) = self.world.wait_for(queue.report(server.service, [item]))
            return str(result.status)

        def heard(status: str) -> None:
            if status == "ok" and not job.is_finished:
                self.world.reported.add((*job.key, step))
            self._obey(job, status)

        self._ask(report, heard)
        if step < STEPS:
            self._later(self.world.random.uniform(1, 12), lambda: self._train(job))
        else:
            self._finish(job, "completed")

    def _beat(self) -> None:
        self._later(7.0, self._beat)
        beating = [job for job in self.jobs.values() if not job.is_finished]
        if not beating:
            return
        items = [a_report(job.grant) for job in beating]

        def heard(statuses: list[str]) -> None:
            for job, status in zip(beating, statuses, strict=True):
                self._obey(job, status)

        def beat(server: Server) -> list[str]:
            return [str(r.status) for r in self.world.wait_for(queue.report(server.service, items))]

        self.world.send(beat, self._if_alive(heard))

    def _obey(self, job: Job, status: str) -> None:
        if status == "refused":
            self.world.wrong.append(f"what {self.name} said of trial {job.key} was refused")
        if status in ("lost", "stop") and self.jobs.get(job.key) is job:
            del self.jobs[job.key]

    def _finish(self, job: Job, outcome: str) -> None:
        if job.is_finished:
            return
        job.is_finished = True
        item = an_outcome(job.grant, "returned")
        if outcome == "completed":
            item = an_outcome(job.grant, score=score(job.grant.trial.hyperparameters))

        def finish(server: Server) -> str:
            (result,) = self.world.wait_for(queue.finish(server.service, [item]))
            if result.status == "ok":
                # Known from the moment of the answer, whether or not it arrives.
                self.world.acknowledged[job.key] = outcome
            return str(result.status)

        def heard(status: str) -> None:
            self._obey(job, status)
            self.jobs.pop(job.key, None)

        self._ask(finish, heard)
