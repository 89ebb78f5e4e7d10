"""An event of a search: what a reader needs to know what to fetch anew."""

from typing import Any

from pydantic import ConfigDict

from caviar.numbers import Number
from caviar.states import SearchState
from caviar.wire.model import Answer, example
from caviar.wire.searches import Counts, Progress

_BEST: dict[str, Any] = {"trial": "31", "number": 30, "value": 0.9833}
_EVENT: dict[str, Any] = {
    "id": "1",
    "state": "active",
    "trials": 48,
    "counts": {"queued": 2, "running": 4, "completed": 30, "stopped": 0, "failed": 0, "cancelled": 0},
    "progress": {"finished": 30, "trials": 48, "fraction": 0.625, "seconds": 6.1, "seconds_left": 3.7},
    "best": _BEST,
    "rounds": 9,
    "ranking": 30,
    "waits_for": None,
    "changes": 87,
}


class BestTrial(Answer):
    trial: str
    number: int
    value: Number

    model_config = ConfigDict(json_schema_extra=example(_BEST))


class SearchEvent(Answer):
    """A search as it stands.

    `changes` counts its changes and is the event's id. `ranking` rises when the leaderboard changes, `rounds` when the
    zoom has gone on.
    """

    id: str
    state: SearchState
    trials: int
    counts: Counts
    progress: Progress
    best: BestTrial | None
    rounds: int
    ranking: int
    waits_for: str | None
    changes: int

    model_config = ConfigDict(json_schema_extra=example(_EVENT))
