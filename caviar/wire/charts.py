"""What charts are drawn from, where no other answer holds it: samples of trials, curves, attempts on workers."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict

from caviar.numbers import Number
from caviar.states import AttemptOutcome, Origin, TrialState
from caviar.wire.model import Answer, example

_SAMPLED: dict[str, Any] = {
    "id": "31",
    "number": 30,
    "value": 0.9833,
    "state": "completed",
    "diverged": False,
    "round": 7,
    "origin": "sampled",
    "hyperparameters": {"learning_rate": 0.0061, "beta1": 0.957, "batch_size": 128},
}


class SampledTrial(Answer):
    """One trial of a sample. `value` is finite or None; `hyperparameters` are those that vary."""

    id: str
    number: int
    value: float | None
    state: TrialState
    diverged: bool
    round: int
    origin: Origin
    hyperparameters: dict[str, Any]

    model_config = ConfigDict(json_schema_extra=example(_SAMPLED))


class SampleAnswer(Answer):
    """Trials from all over a search, by number: all of them where they are few, the best of them always. `of` counts
    all trials of the search."""

    items: list[SampledTrial]
    of: int

    model_config = ConfigDict(json_schema_extra=example({"items": [_SAMPLED], "of": 48}))


class MeasuredTrial(SampledTrial):
    """With all metrics of its end."""

    metrics: dict[str, Number]

    model_config = ConfigDict(json_schema_extra=example({**_SAMPLED, "metrics": {"dev_accuracy": 0.9833}}))


class Curve(Answer):
    """The reports of one metric of a trial: (step, value), by step. `rank` is its place among the leaders."""

    trial: str
    number: int
    state: TrialState
    rank: int | None
    points: list[tuple[int, Number]]

    model_config = ConfigDict(
        json_schema_extra=example(
            {"trial": "31", "number": 30, "state": "completed", "rank": 1, "points": [[1, 0.91], [2, 0.94]]}
        )
    )


class Stint(Answer):
    """An attempt of a trial on a worker; `ended_at` is None while it runs."""

    trial: str
    number: int
    attempt: int
    worker: str
    outcome: AttemptOutcome
    started_at: datetime
    ended_at: datetime | None

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "trial": "31",
                "number": 30,
                "attempt": 1,
                "worker": "host-1",
                "outcome": "completed",
                "started_at": "2026-11-20T10:00:01Z",
                "ended_at": "2026-11-20T10:00:05Z",
            }
        )
    )


class Surface(Answer):
    """What a model makes of two parameters: `z[i][j]` is the value at y[i] and x[j], None where it knows nothing."""

    x: list[Any]
    y: list[Any]
    z: list[list[float | None]]
    seen: int

    model_config = ConfigDict(
        json_schema_extra=example({"x": [0.001, 0.01], "y": [64, 128], "z": [[0.91, 0.96], [0.93, None]], "seen": 48})
    )
