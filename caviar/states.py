"""The states of a search, a trial and an attempt, and who may move each where. docs/states.md draws the same tables."""

from enum import StrEnum


class SearchState(StrEnum):
    ACTIVE = "active"
    """Trials are handed out."""
    PAUSED = "paused"
    """Nothing new is claimed; what runs goes on. A user resumes it."""
    COMPLETED = "completed"
    """The budget is used, the target is reached or the time is over."""
    FAILED = "failed"
    """Its first max(5, parallel) trials all failed: nobody wants 500 copies of one typo."""
    CANCELLED = "cancelled"
    """A user ended it; open trials were cancelled with it."""


class TrialState(StrEnum):
    QUEUED = "queued"
    """Waits for a worker."""
    RUNNING = "running"
    """A worker holds its lease."""
    COMPLETED = "completed"
    """Finished with a value, or diverged."""
    STOPPED = "stopped"
    """Ended early by a stopping rule, with the value of the report that decided it."""
    FAILED = "failed"
    """Ended without a value: an exception, a missing metric, or too many lost attempts."""
    CANCELLED = "cancelled"
    """Ended by a user, or with its search."""


class AttemptOutcome(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """Its worker disappeared: the lease ran out and the trial was queued again."""
    RETURNED = "returned"
    """Its worker gave the trial back on its own shutdown; nobody is to blame."""


class Origin(StrEnum):
    """Where a trial came from."""

    SAMPLED = "sampled"
    ENQUEUED = "enqueued"
    CONFIRM = "confirm"


class Goal(StrEnum):
    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


OPEN_SEARCH_STATES = frozenset({SearchState.ACTIVE, SearchState.PAUSED})
OPEN_STATES = frozenset({TrialState.QUEUED, TrialState.RUNNING})
RANKED_STATES = frozenset({TrialState.COMPLETED, TrialState.STOPPED})

_ENDED = frozenset({TrialState.COMPLETED, TrialState.STOPPED, TrialState.FAILED, TrialState.CANCELLED})

TRIAL_TRANSITIONS: dict[TrialState, frozenset[TrialState]] = {
    TrialState.QUEUED: frozenset({TrialState.RUNNING, TrialState.CANCELLED}),
    TrialState.RUNNING: _ENDED | {TrialState.QUEUED},
    TrialState.COMPLETED: frozenset(),
    TrialState.STOPPED: frozenset(),
    TrialState.FAILED: frozenset(),
    TrialState.CANCELLED: frozenset(),
}

SEARCH_TRANSITIONS: dict[SearchState, frozenset[SearchState]] = {
    SearchState.ACTIVE: frozenset(
        {SearchState.PAUSED, SearchState.COMPLETED, SearchState.FAILED, SearchState.CANCELLED}
    ),
    SearchState.PAUSED: frozenset(
        {SearchState.ACTIVE, SearchState.COMPLETED, SearchState.FAILED, SearchState.CANCELLED}
    ),
    SearchState.COMPLETED: frozenset({SearchState.ACTIVE}),
    SearchState.FAILED: frozenset(),
    SearchState.CANCELLED: frozenset(),
}
"""A completed search becomes active again when its budget is extended."""
