"""The queue as one would explain it: dictionaries and loops, no database, no keys, no locks. A store must do the same.

Every verb takes `now`, changes the model, and returns what the store has to answer.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from caviar.errors import BudgetUsed, CaviarError, InvalidRequest, NotFound, SearchEnded, TrialEnded
from caviar.numbers import to_wire
from caviar.states import AttemptOutcome, SearchState, TrialState
from caviar.wire.protocol import ClaimRequest, Malformed, Proof, TrialOutcome, TrialReport

TTL = timedelta(seconds=30)
WORKER_SILENCE = timedelta(seconds=45)
MAX_LOST = 3
Answer = tuple[str, str | None, str | None]
"""(status, code, reason)"""
OK: Answer = ("ok", None, None)
LOST: Answer = ("lost", "lease_lost", None)
CANCELLED: Answer = ("stop", None, "cancelled")
_OPEN = (TrialState.QUEUED, TrialState.RUNNING)


def refused(code: str) -> Answer:
    return ("refused", code, None)


@dataclass(eq=False)
class Attempt:
    worker: str
    key: str
    token: str = ""
    """As the store gave it."""
    outcome: AttemptOutcome = AttemptOutcome.RUNNING
    expires_at: datetime | None = None
    """Of its lease, which only a running attempt has."""
    reports: dict[int, dict[str, Any]] = field(default_factory=dict)
    finish: TrialOutcome | None = None


@dataclass(eq=False)
class Trial:
    number: int
    available_at: datetime
    id: int = 0
    """As the store gave it."""
    state: TrialState = TrialState.QUEUED
    lost_count: int = 0
    value: float | None = None
    diverged: bool = False
    error_code: str | None = None
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(eq=False)
class Search:
    id: int
    budget: int
    parallel: int
    priority: int
    target: float | None
    deadline: datetime | None
    state: SearchState = SearchState.ACTIVE
    trials: list[Trial] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.state in (SearchState.ACTIVE, SearchState.PAUSED)

    def count(self, *states: TrialState) -> int:
        return sum(trial.state in states for trial in self.trials)

    @property
    def best(self) -> float | None:
        return min((trial.value for trial in self.trials if trial.value is not None), default=None)

    @property
    def has_reached_target(self) -> bool:
        return self.target is not None and self.best is not None and self.best <= self.target

    def is_overdue(self, now: datetime) -> bool:
        return self.deadline is not None and self.deadline <= now


class Model:
    def __init__(self) -> None:
        self.searches: dict[int, Search] = {}
        self.seen: dict[str, datetime] = {}
        """When each worker was last heard."""

    def trials(self) -> Iterator[tuple[Search, Trial]]:
        return ((search, trial) for search in self.searches.values() for trial in search.trials)

    # What a user does.

    def create(self, search: Search, *, now: datetime) -> None:
        self.searches[search.id] = search
        self._fill(search, now=now)

    def extend(self, search_id: int, budget: int, *, now: datetime) -> type[CaviarError] | None:
        search = self.searches.get(search_id)
        if search is None:
            return NotFound
        if budget < max(len(search.trials), 1):
            return InvalidRequest
        if search.state in (SearchState.FAILED, SearchState.CANCELLED):
            return SearchEnded
        if search.state is SearchState.COMPLETED and (search.is_overdue(now) or search.has_reached_target):
            return SearchEnded
        if search.state is SearchState.COMPLETED and budget > search.budget:
            search.state = SearchState.ACTIVE
        search.budget = budget
        self._settle(search, now=now)
        self._fill(search, now=now)
        return None

    def turn(self, search_id: int, state: SearchState, *, now: datetime) -> type[CaviarError] | None:
        search = self.searches.get(search_id)
        if search is None:
            return NotFound
        if state is not search.state and not search.is_open:
            return SearchEnded
        search.state = state
        self._settle(search, now=now)
        self._fill(search, now=now)
        return None

    def delete(self, search_id: int) -> type[CaviarError] | None:
        return NotFound if self.searches.pop(search_id, None) is None else None

    def enqueue(self, search_id: int, *, now: datetime) -> type[CaviarError] | None:
        search = self.searches.get(search_id)
        if search is None:
            return NotFound
        if not search.is_open:
            return SearchEnded
        if len(search.trials) >= search.budget:
            return BudgetUsed
        search.trials.append(Trial(len(search.trials), now))
        self._settle(search, now=now)
        return None

    def cancel(self, trial_id: int, *, now: datetime) -> type[CaviarError] | None:
        found = next(((search, trial) for search, trial in self.trials() if trial.id == trial_id), None)
        if found is None:
            return NotFound
        search, trial = found
        if trial.state not in _OPEN:
            return TrialEnded
        _cancel(trial)
        self._settle(search, now=now)
        self._fill(search, now=now)
        return None

    # What workers do.

    def claim(self, request: ClaimRequest, *, search: int | None, now: datetime) -> list[tuple[Search, Trial]]:
        """The trials that it hands out, each with a new attempt, or with the one that this key was given before."""
        given = [(s, t, a) for s, t in self.trials() for a in t.attempts if a.key == request.claim_key]
        self.seen[request.worker] = now
        if given:
            again = [(s, t, a) for s, t, a in given if a.expires_at is not None]
            for _, _, attempt in again:
                _renew(attempt, now)
            return sorted(((s, t) for s, t, _ in again), key=lambda pair: pair[1].number)
        open_to = [s for s in self.searches.values() if search in (None, s.id) and _has_work(s, now)]
        if not open_to:
            return []
        mine = min(open_to, key=lambda s: (-s.priority, s.count(TrialState.RUNNING), s.id))
        most = min(request.capacity, self._lacks(request, open_to, now=now))
        free = mine.parallel - mine.count(TrialState.RUNNING)
        taken = [trial for trial in mine.trials if _is_ready(trial, now)][: min(most, free)]
        for trial in taken:
            trial.state = TrialState.RUNNING
            trial.attempts.append(Attempt(request.worker, request.claim_key, expires_at=now + TTL))
        return [(mine, trial) for trial in taken]

    def _lacks(self, request: ClaimRequest, open_to: Sequence[Search], *, now: datetime) -> int:
        """What the worker lacks to an even share of what runs or could run in these searches; at least one."""
        if request.capacity == 1:
            return 1
        live = sum(heard > now - WORKER_SILENCE for heard in self.seen.values())
        at_once = sum(min(s.count(*_OPEN), s.parallel) for s in open_to)
        attempts = (t.attempts[-1] for s in open_to for t in s.trials if t.state is TrialState.RUNNING)
        held = sum(attempt.worker == request.worker for attempt in attempts)
        return max(math.ceil(at_once / live) - held, 1)

    def report(self, items: Sequence[TrialReport | Malformed], *, now: datetime) -> list[Answer]:
        self._salvage(items, now=now)
        return [self._hear(item, now=now) for item in items]

    def _hear(self, item: TrialReport | Malformed, *, now: datetime) -> Answer:
        if isinstance(item, Malformed):
            return refused("invalid_item")
        found = self._proven(item)
        if found is None:
            return LOST
        _, _, attempt = found
        if attempt.outcome is not AttemptOutcome.RUNNING:
            return _gone(attempt) or OK
        if item.metrics:
            if item.step is None:
                return refused("step_missing")
            metrics = {name: to_wire(value) for name, value in item.metrics.items()}
            if attempt.reports.setdefault(item.step, metrics) != metrics:
                return refused("metric_conflict")
        _renew(attempt, now)
        self.seen[attempt.worker] = now
        return OK

    def finish(self, items: Sequence[TrialOutcome | Malformed], *, now: datetime) -> list[Answer]:
        concerned = self._salvage(items, now=now)
        answers = []
        for item in items:
            answer, search = self._end(item, now=now)
            answers.append(answer)
            concerned += [search] if search else []
        for search in concerned:
            self._settle(search, now=now)
            self._fill(search, now=now)
        return answers

    def _end(self, item: TrialOutcome | Malformed, *, now: datetime) -> tuple[Answer, Search | None]:
        """What it answers, and the search in which something ended."""
        if isinstance(item, Malformed):
            return refused("invalid_item"), None
        found = self._proven(item)
        if found is None:
            return LOST, None
        search, trial, attempt = found
        if attempt.finish is not None and attempt.finish.model_dump_json() == item.model_dump_json():
            self.seen[attempt.worker] = now
            return OK, None
        if attempt.outcome is not AttemptOutcome.RUNNING:
            return _gone(attempt) or refused("finish_conflict"), None
        attempt.finish, attempt.outcome, attempt.expires_at = item, AttemptOutcome(item.outcome), None
        self.seen[attempt.worker] = now
        if item.outcome == "returned":
            trial.state, trial.available_at = TrialState.QUEUED, now
        else:
            _judge(trial, attempt, item)
        return OK, search

    def _salvage(self, items: Sequence[Proof | Malformed], *, now: datetime) -> list[Search]:
        """A lost attempt goes on when its holder speaks, as long as nobody has taken its trial or its place since."""
        concerned = []
        for item in items:
            found = self._proven(item) if isinstance(item, Proof) else None
            if found is None:
                continue
            search, trial, attempt = found
            is_free = trial.state is TrialState.QUEUED and trial.attempts[-1] is attempt
            has_place = search.count(TrialState.RUNNING) < search.parallel
            if attempt.outcome is AttemptOutcome.LOST and is_free and has_place:
                attempt.outcome, attempt.expires_at = AttemptOutcome.RUNNING, now + TTL
                trial.state, trial.lost_count = TrialState.RUNNING, trial.lost_count - 1
                concerned.append(search)
        return concerned

    def _proven(self, proof: Proof) -> tuple[Search, Trial, Attempt] | None:
        for search, trial in self.trials():
            if str(trial.id) == proof.trial and proof.attempt <= len(trial.attempts):
                attempt = trial.attempts[proof.attempt - 1]
                return (search, trial, attempt) if attempt.token == proof.token else None
        return None

    # What happens by itself.

    def grace(self, *, since: datetime | None, now: datetime) -> None:
        """The time back in which nobody listened: since then, or since a worker was last heard."""
        away = now - (since or max(self.seen.values(), default=now))
        for attempt in self._attempts():
            if attempt.expires_at is not None:
                attempt.expires_at = max(attempt.expires_at, min(attempt.expires_at + away, now + TTL))

    def sweep(self, *, now: datetime) -> None:
        for _, trial in list(self.trials()):
            attempt = trial.attempts[-1] if trial.attempts else None
            if attempt is not None and attempt.expires_at is not None and attempt.expires_at < now:
                _lose(trial, attempt, now)
        for search in self.searches.values():
            self._settle(search, now=now)
            self._fill(search, now=now)

    def _attempts(self) -> Iterator[Attempt]:
        return chain.from_iterable(trial.attempts for _, trial in self.trials())

    def _fill(self, search: Search, *, now: datetime) -> None:
        """New trials wherever there is room for them."""
        if not search.is_open or search.is_overdue(now):
            return
        while search.count(*_OPEN) < search.parallel and len(search.trials) < search.budget:
            search.trials.append(Trial(len(search.trials), now))

    def _settle(self, search: Search, *, now: datetime) -> None:
        """The search ends when there is nothing more to do in it, and what is open then is cancelled."""
        ranked, failed = search.count(TrialState.COMPLETED), search.count(TrialState.FAILED)
        ended = ranked + failed + search.count(TrialState.CANCELLED)
        first = max(5, search.parallel)
        start = [trial.state for trial in search.trials[:first]]
        if search.is_open:
            if start == [TrialState.FAILED] * first:
                search.state = SearchState.FAILED
            elif search.has_reached_target:
                search.state = SearchState.COMPLETED
            elif ended >= search.budget:
                search.state = SearchState.FAILED if failed and not ranked else SearchState.COMPLETED
            elif search.is_overdue(now) and not search.count(TrialState.RUNNING):
                search.state = SearchState.COMPLETED
        if not search.is_open:
            for trial in search.trials:
                if trial.state in _OPEN:
                    _cancel(trial)


def _has_work(search: Search, now: datetime) -> bool:
    is_full = search.count(TrialState.RUNNING) >= search.parallel
    is_handing_out = search.state is SearchState.ACTIVE and not search.is_overdue(now) and not is_full
    return is_handing_out and any(_is_ready(trial, now) for trial in search.trials)


def _is_ready(trial: Trial, now: datetime) -> bool:
    return trial.state is TrialState.QUEUED and trial.available_at <= now


def _renew(attempt: Attempt, now: datetime) -> None:
    assert attempt.expires_at is not None
    attempt.expires_at = max(attempt.expires_at, now + TTL)


def _gone(attempt: Attempt) -> Answer | None:
    if attempt.outcome is AttemptOutcome.CANCELLED:
        return CANCELLED
    return LOST if attempt.outcome in (AttemptOutcome.LOST, AttemptOutcome.RETURNED) else None


def _judge(trial: Trial, attempt: Attempt, item: TrialOutcome) -> None:
    """The trial ends: with the value of the finish or else of the last step, or without one."""
    last = attempt.reports[max(attempt.reports)] if attempt.reports else {}
    metrics = last | {name: to_wire(value) for name, value in item.metrics.items()}
    if item.outcome == "failed" or "score" not in metrics:
        trial.state, attempt.outcome = TrialState.FAILED, AttemptOutcome.FAILED
        trial.error_code = "exception" if item.outcome == "failed" else "metric_missing"
        return
    value = metrics["score"]
    trial.state, trial.diverged = TrialState.COMPLETED, isinstance(value, str)
    trial.value = None if trial.diverged else value


def _lose(trial: Trial, attempt: Attempt, now: datetime) -> None:
    attempt.outcome, attempt.expires_at = AttemptOutcome.LOST, None
    trial.lost_count += 1
    if trial.lost_count > MAX_LOST:
        trial.state, trial.error_code = TrialState.FAILED, "lost_limit"
        return
    pause = 0 if trial.lost_count == 1 else 2**trial.lost_count
    trial.state, trial.available_at = TrialState.QUEUED, now + timedelta(seconds=pause)


def _cancel(trial: Trial) -> None:
    if trial.state is TrialState.RUNNING:
        trial.attempts[-1].outcome, trial.attempts[-1].expires_at = AttemptOutcome.CANCELLED, None
    trial.state = TrialState.CANCELLED
