"""What a suggestion costs: look at the store, compute the round, store it, each a step of its own on the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from statistics import median
from time import perf_counter
from typing import TypeVar

from bench.filled_store import NOW, a_spec, empty_store, filled, loss
from caviar.wire.protocol import ClaimRequest, TrialOutcome
from service import planning
from service.storage import claims, outcomes, rounds
from service.storage.claims import Grant
from service.storage.database import Database

TTL = timedelta(hours=1)
WARM_UP = 6
"""Rounds before the clock counts: until the sampler's own state is that of a search under way."""
Found = TypeVar("Found")


@dataclass(frozen=True)
class Cost:
    """Seconds per suggestion, of each part the median over the rounds."""

    look: float
    plan: float
    store: float

    @property
    def whole(self) -> float:
        return self.look + self.plan + self.store


def cost(finished: int, *, parallel: int, turns: int) -> Cost:
    """Of the rounds after so many finished trials; their own trials are finished as they come."""
    size = max(1, parallel // 2)
    spec = a_spec(trials=finished + 10_000, parallel=parallel)
    with empty_store() as database:
        search = filled(database, spec, finished=finished, round_size=size)
        course = _Course(database, search, parallel=parallel)
        for _ in range(WARM_UP):
            course.round()
        costs = [course.round() for _ in range(turns)]
    looks, plans, stores = zip(*costs, strict=True)
    return Cost(median(looks) / size, median(plans) / size, median(stores) / size)


class _Course:
    """A search that is always ready for its next round."""

    def __init__(self, database: Database, search: int, *, parallel: int) -> None:
        self._database, self._search, self._lag = database, search, planning.lag(parallel)
        self._open: list[int] = []
        """Sizes of the rounds that have not finished."""

    def round(self) -> tuple[float, float, float]:
        """Seconds of looking, planning and storing. Then what the next round waits for is finished."""
        view, look_seconds = _timed(lambda: planning.look(self._database, self._search, now=NOW))
        assert view is not None, "the next round must be due"
        step, plan_seconds = _timed(lambda: planning.plan_step(view))
        is_taken, store_seconds = _timed(lambda: self._take(step))
        assert is_taken, "nobody else may plan this search"
        self._open.append(len(step.drafts))
        if len(self._open) == self._lag:
            self._finish(self._open.pop(0))
        return look_seconds, plan_seconds, store_seconds

    def _take(self, step: rounds.Step) -> bool:
        with self._database.write() as tx:
            return rounds.take(tx, self._search, step, now=NOW)

    def _finish(self, count: int) -> None:
        """The oldest trials."""
        request = ClaimRequest(worker="bench", capacity=count, trainers=["toy"], claim_key=token_hex(16))
        with self._database.write() as tx:
            grants = claims.claim(tx, request, search_id=self._search, ttl=TTL, now=NOW)
            assert len(grants) == count, "they must all be queued"
            outcomes.finish(tx, [_outcome(grant) for grant in grants], ttl=TTL, now=NOW)


def _outcome(grant: Grant) -> TrialOutcome:
    found = {"loss": loss(grant.trial.hyperparameters)}
    trial, attempt = str(grant.trial.id), grant.trial.attempt
    return TrialOutcome(trial=trial, attempt=attempt, token=grant.token, outcome="completed", metrics=found)


def _timed(work: Callable[[], Found]) -> tuple[Found, float]:
    start = perf_counter()
    found = work()
    return found, perf_counter() - start
