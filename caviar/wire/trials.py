"""A trial as the server shows it: in a list, on the leaderboard, alone with its attempts, with its learning curve."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict

from caviar.numbers import Number
from caviar.parameters import Value
from caviar.spec import Identifier
from caviar.states import AttemptOutcome, Origin, TrialState
from caviar.wire.model import Answer, StrictRequest, example

_HYPERPARAMETERS: dict[str, Any] = {"learning_rate": 0.0061, "beta1": 0.957, "batch_size": 128, "epochs": 20}
_ROW: dict[str, Any] = {
    "rank": 1,
    "id": "31",
    "number": 30,
    "value": 0.9833,
    "hyperparameters": _HYPERPARAMETERS,
    "metrics": {"dev_accuracy": 0.9833, "dev_cost": 0.071, "test_accuracy": 0.9778},
    "state": "completed",
    "round": 7,
    "origin": "sampled",
    "diverged": False,
}
_TRIAL: dict[str, Any] = {
    "id": "31",
    "search": "1",
    "number": 30,
    "state": "completed",
    "value": 0.9833,
    "diverged": False,
    "hyperparameters": _HYPERPARAMETERS,
    "metrics": _ROW["metrics"],
    "round": 7,
    "origin": "sampled",
    "parent": None,
    "error": None,
    "stopped": None,
    "created_at": "2026-11-20T10:00:00Z",
    "finished_at": "2026-11-20T10:00:05Z",
}
_ATTEMPT: dict[str, Any] = {
    "attempt": 1,
    "worker": "host-1",
    "outcome": "completed",
    "last_step": 20,
    "resumed_from_attempt": None,
    "resumed_from_step": None,
    "started_at": "2026-11-20T10:00:01Z",
    "ended_at": "2026-11-20T10:00:05Z",
}
_CONFIRMED: dict[str, Any] = {"runs": 3, "mean": 0.9796, "spread": 0.0032, "luck": 0.18}
_REPORT: dict[str, Any] = {
    "attempt": 1,
    "step": 1,
    "metrics": {"dev_accuracy": 0.91},
    "at": "2026-11-20T10:00:02Z",
}


class TrialError(Answer):
    code: str
    detail: str

    model_config = ConfigDict(
        json_schema_extra=example({"code": "metric_missing", "detail": "it reported dev_acc, not dev_accuracy"})
    )


class Stopped(Answer):
    """Where a stopping rule ended the trial, and why."""

    step: int
    reason: str

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "step": 3,
                "reason": "stopped by asha at step 3: 0.71 is worse than 0.83, the cutoff of 24 finished trials",
            }
        )
    )


class LeaderboardRow(Answer):
    rank: int
    id: str
    number: int
    value: Number
    hyperparameters: dict[str, Any]
    metrics: dict[str, Number]
    state: TrialState
    round: int
    origin: Origin
    diverged: bool

    model_config = ConfigDict(json_schema_extra=example(_ROW))


class LeaderboardPage(Answer):
    items: list[LeaderboardRow]
    next: str | None

    model_config = ConfigDict(json_schema_extra=example({"items": [_ROW], "next": None}))


class TrialAnswer(Answer):
    id: str
    search: str
    number: int
    state: TrialState
    value: Number | None
    diverged: bool
    hyperparameters: dict[str, Any]
    metrics: dict[str, Number]
    round: int
    origin: Origin
    parent: str | None
    error: TrialError | None
    stopped: Stopped | None = None
    created_at: datetime
    finished_at: datetime | None

    model_config = ConfigDict(json_schema_extra=example(_TRIAL))


class TrialPage(Answer):
    items: list[TrialAnswer]
    next: str | None

    model_config = ConfigDict(json_schema_extra=example({"items": [_TRIAL], "next": None}))


class Attempt(Answer):
    """One execution by one worker."""

    attempt: int
    worker: str
    outcome: AttemptOutcome
    last_step: int | None
    resumed_from_attempt: int | None
    resumed_from_step: int | None
    started_at: datetime
    ended_at: datetime | None

    model_config = ConfigDict(json_schema_extra=example(_ATTEMPT))


class Confirmed(Answer):
    """What running a trial again with other seeds has shown. `runs`, `mean` and `spread` count the trial itself.

    `spread`: the standard deviation between the runs. `luck`: the chance that another trial that was run again is truly
    better; None while there is none.
    """

    runs: int
    mean: Number
    spread: Number
    luck: float | None

    model_config = ConfigDict(json_schema_extra=example(_CONFIRMED))


class TrialDetail(TrialAnswer):
    attempts: list[Attempt]
    confirmed: Confirmed | None = None

    model_config = ConfigDict(json_schema_extra=example({**_TRIAL, "attempts": [_ATTEMPT], "confirmed": _CONFIRMED}))


class TrialChange(StrictRequest):
    state: Literal[TrialState.CANCELLED]

    model_config = ConfigDict(json_schema_extra=example({"state": "cancelled"}))


class Enqueue(StrictRequest):
    """Hyperparameters of the user's own choice; constants of the space may be left out."""

    hyperparameters: dict[Identifier, Value]

    model_config = ConfigDict(json_schema_extra=example({"hyperparameters": _HYPERPARAMETERS}))


class Report(Answer):
    attempt: int
    step: int
    metrics: dict[str, Number]
    at: datetime

    model_config = ConfigDict(json_schema_extra=example(_REPORT))


class ReportPage(Answer):
    """A learning curve, in the order of attempts and steps."""

    items: list[Report]
    next: str | None

    model_config = ConfigDict(json_schema_extra=example({"items": [_REPORT], "next": None}))
