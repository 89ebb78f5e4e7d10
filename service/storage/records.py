"""What storage functions return: plain values, detached from the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from caviar.spec import SearchSpec
from caviar.states import OPEN_SEARCH_STATES, AttemptOutcome, Goal, Origin, SearchState, TrialState
from service.lifecycle import score_of

Hyperparameters = dict[str, Any]


@dataclass(frozen=True)
class Definition:
    """A search's spec, which never changes, as it is stored and as it is understood."""

    document: Mapping[str, Any]

    @cached_property
    def parsed(self) -> SearchSpec:
        return SearchSpec.model_validate(self.document)

    @cached_property
    def goal(self) -> Goal:
        return Goal(self.document["goal"])

    @cached_property
    def metric(self) -> str:
        return str(self.document["metric"])

    @cached_property
    def target_score(self) -> float | None:
        """Lower is better."""
        target = self.document.get("target")
        return None if target is None else score_of(float(target), self.goal)


@dataclass(frozen=True)
class SearchRecord:
    definition: Definition
    id: int
    name: str
    notes: str
    state: SearchState
    priority: int
    trainer: str
    dataset_name: str | None
    dataset_hash: str | None
    budget: int
    parallel: int
    next_number: int
    next_round: int
    round_left: int
    best_trial: int | None
    best_score: float | None
    changes: int
    ranking: int
    enqueued: int
    parent_search: int | None
    start: Sequence[Hyperparameters]
    counts: Mapping[TrialState, int]
    deadline_at: datetime | None
    finished_at: datetime | None
    created_at: datetime

    @property
    def spec(self) -> Mapping[str, Any]:
        return self.definition.document

    @property
    def goal(self) -> Goal:
        return self.definition.goal

    @property
    def metric(self) -> str:
        return self.definition.metric

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_SEARCH_STATES

    def is_overdue(self, now: datetime) -> bool:
        return self.deadline_at is not None and self.deadline_at <= now

    def has_reached_its_end(self, now: datetime) -> bool:
        """Whether a larger budget would change nothing, because the target is reached or the time is over."""
        target, best = self.definition.target_score, self.best_score
        return self.is_overdue(now) or (target is not None and best is not None and best <= target)


@dataclass(frozen=True)
class TrialRecord:
    id: int
    search_id: int
    number: int
    round: int
    origin: Origin
    parent_trial: int | None
    state: TrialState
    stack: str
    hyperparameters: Hyperparameters
    seed: int
    attempt: int
    lost_count: int
    value: float | None
    score: float | None
    diverged: bool
    metrics: Mapping[str, Any]
    error_code: str | None
    error_detail: str | None
    created_at: datetime
    finished_at: datetime | None
    stopped_step: int | None
    verdict: str | None


@dataclass(frozen=True)
class AttemptRecord:
    attempt: int
    worker: str
    outcome: AttemptOutcome
    last_step: int | None
    resumed_from_attempt: int | None
    resumed_from_step: int | None
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class ReportRecord:
    attempt: int
    step: int
    metrics: Mapping[str, Any]
    reported_at: datetime


@dataclass(frozen=True)
class RoundRecord:
    round: int
    first: int
    size: int
    seen: int
    reason: str
    best: Mapping[str, Any] | None
    box: Mapping[str, Any]
    state: Mapping[str, Any]
    hints: Sequence[str] = ()
    cutoffs: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class WorkerRecord:
    name: str
    trainers: list[str]
    capacity: int
    about: Mapping[str, Any]
    running: list[int]
    first_seen_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Draft:
    """A trial before it has an id and a number's row. `parent`: the number of the trial that it runs again."""

    number: int
    round: int
    origin: Origin
    stack: str
    hyperparameters: Hyperparameters
    seed: int
    parent: int | None = None
