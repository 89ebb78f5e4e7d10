"""A search as the server shows it, and what a user may change of it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict

from caviar.numbers import Number
from caviar.spec import EXAMPLE, Budget, Notes, Priority, Seed, Title
from caviar.states import SearchState
from caviar.wire.model import Answer, StrictRequest, example

_BEST: dict[str, Any] = {
    "trial": "31",
    "number": 30,
    "value": 0.9833,
    "hyperparameters": {"learning_rate": 0.0061, "beta1": 0.957, "batch_size": 128, "epochs": 20},
}
_SEARCH: dict[str, Any] = {
    "id": "1",
    "name": "digits",
    "state": "active",
    "trials": 48,
    "counts": {"queued": 2, "running": 4, "completed": 30, "stopped": 0, "failed": 0, "cancelled": 0},
    "progress": {"finished": 30, "trials": 48, "fraction": 0.625, "seconds": 6.1, "seconds_left": 3.7},
    "best": _BEST,
    "rounds": 9,
    "waits_for": None,
    "hints": ["learning_rate: the best lie at its upper end; widen the range?"],
    "dataset": {"name": "digits", "hash": "sha256:0d3e"},
    "notes": "",
    "priority": 0,
    "created_at": "2026-11-20T10:00:00Z",
    "finished_at": None,
    "parent": None,
    "spec": EXAMPLE,
}


class Counts(Answer):
    """Trials by state."""

    queued: int
    running: int
    completed: int
    stopped: int
    failed: int
    cancelled: int

    model_config = ConfigDict(json_schema_extra=example(_SEARCH["counts"]))


class Progress(Answer):
    """`seconds` since creation; `seconds_left` is the same pace carried on, None before the first result."""

    finished: int
    trials: int
    fraction: float
    seconds: float
    seconds_left: float | None

    model_config = ConfigDict(json_schema_extra=example(_SEARCH["progress"]))


class Best(Answer):
    trial: str
    number: int
    value: Number
    hyperparameters: dict[str, Any]

    model_config = ConfigDict(json_schema_extra=example(_BEST))


class DatasetReference(Answer):
    """A dataset fixed by its content. `split_seed` divides it into train, dev and test; it belongs to the search."""

    name: str
    hash: str
    split_seed: int | None = None

    model_config = ConfigDict(json_schema_extra=example({"name": "digits", "hash": "sha256:0d3e", "split_seed": 0}))


class SearchAnswer(Answer):
    id: str
    name: str
    state: SearchState
    trials: int
    counts: Counts
    progress: Progress
    best: Best | None
    rounds: int
    waits_for: str | None
    hints: list[str] = []
    dataset: DatasetReference | None
    notes: str
    priority: int
    created_at: datetime
    finished_at: datetime | None
    parent: str | None = None
    spec: dict[str, Any]

    model_config = ConfigDict(json_schema_extra=example(_SEARCH))


class SearchPage(Answer):
    items: list[SearchAnswer]
    next: str | None

    model_config = ConfigDict(json_schema_extra=example({"items": [_SEARCH], "next": None}))


class SearchChange(StrictRequest):
    """Only the fields that are present change."""

    name: Title | None = None
    notes: Notes | None = None
    state: Literal[SearchState.ACTIVE, SearchState.PAUSED, SearchState.CANCELLED] | None = None
    trials: Budget | None = None
    priority: Priority | None = None

    model_config = ConfigDict(json_schema_extra=example({"state": "paused"}))


class Repeat(StrictRequest):
    """Without a seed, the next one is taken."""

    seed: Seed | None = None

    model_config = ConfigDict(json_schema_extra=example({"seed": 1}))


class DryRun(Answer):
    """A spec that was validated and not kept, with hyperparameters as its first trials would have them."""

    spec: dict[str, Any]
    draws: list[dict[str, Any]]

    model_config = ConfigDict(json_schema_extra=example({"spec": EXAMPLE, "draws": [_BEST["hyperparameters"]]}))


class Round(Answer):
    """One stage of the zoom. `seen` counts the results it was computed from; `best` is the best of those.

    `cutoffs`, with a stopping rule: by step, the worst value with which a trial of the round goes on from there.
    """

    round: int
    first: int
    size: int
    seen: int
    reason: str
    best: dict[str, Any] | None
    box: dict[str, dict[str, Any]]
    hints: list[str] = []
    cutoffs: dict[str, Number] | None = None

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "round": 3,
                "first": 12,
                "size": 4,
                "seen": 8,
                "reason": "50% of a range around trial 5, the best of 8 results",
                "best": {"trial": 5, "value": 0.9722},
                "box": {"learning_rate": {"low": 0.0012, "high": 0.021}, "batch_size": {"values": [64, 128]}},
                "cutoffs": {"1": 0.8611, "3": 0.9389},
            }
        )
    )


class RoundPage(Answer):
    items: list[Round]
    next: str | None = None

    model_config = ConfigDict(json_schema_extra=example({"items": [], "next": None}))
