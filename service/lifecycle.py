"""When a search ends by itself. A pure decision, taken after every change of a search, in that change's transaction."""

from dataclasses import dataclass
from datetime import datetime

from caviar.states import OPEN_SEARCH_STATES, Goal, SearchState, TrialState


def failed_start(parallel: int) -> int:
    """So many trials that all fail at the start of a search fail it: nobody wants 500 copies of one typo."""
    return max(5, parallel)


def score_of(value: float, goal: Goal) -> float:
    """The value with its sign such that lower is better."""
    return value if goal is Goal.MINIMIZE else -value


@dataclass(frozen=True)
class Facts:
    """What the decision rests on. `target` is a score: lower is better."""

    state: SearchState
    counts: dict[TrialState, int]
    budget: int
    best_score: float | None
    target: float | None
    deadline_at: datetime | None
    has_failed_start: bool
    """Whether the first max(5, parallel) trials, by number, have all failed."""


def verdict(facts: Facts, *, now: datetime) -> SearchState | None:
    """The state in which the search ends now, or None while it goes on."""
    if facts.state not in OPEN_SEARCH_STATES:
        return None
    counts = facts.counts
    ranked = counts[TrialState.COMPLETED] + counts[TrialState.STOPPED]
    failed = counts[TrialState.FAILED]
    if facts.has_failed_start:
        return SearchState.FAILED
    if facts.target is not None and facts.best_score is not None and facts.best_score <= facts.target:
        return SearchState.COMPLETED
    if ranked + failed + counts[TrialState.CANCELLED] >= facts.budget:
        return SearchState.FAILED if failed and not ranked else SearchState.COMPLETED
    is_late = facts.deadline_at is not None and facts.deadline_at <= now
    if is_late and not counts[TrialState.RUNNING]:
        return SearchState.COMPLETED
    return None
