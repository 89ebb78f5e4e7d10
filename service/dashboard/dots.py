"""A search's budget as a strip of small dots, one for each trial or for as many as fit."""

from collections.abc import Mapping
from dataclasses import dataclass

from caviar.states import TrialState

MOST = 120
MOST_IN_A_TABLE = 24
PER_ROW = 60
SPACING = 10
_ORDER = (
    TrialState.COMPLETED,
    TrialState.STOPPED,
    TrialState.FAILED,
    TrialState.CANCELLED,
    TrialState.RUNNING,
    TrialState.QUEUED,
)


@dataclass(frozen=True)
class Dot:
    x: int
    y: int
    state: str
    """Of most of the trials that it stands for; `open` for those that are not yet drawn."""


@dataclass(frozen=True)
class Strip:
    dots: list[Dot]
    width: int
    height: int
    each: int
    """How many trials a dot stands for, about."""


def strip(counts: Mapping[str, int], budget: int, *, most: int = MOST) -> Strip:
    total = max(budget, sum(counts.values()))
    shown = min(total, most)
    dots = [
        Dot(_middle(i % PER_ROW), _middle(i // PER_ROW), _state_at((i + 0.5) / shown * total, counts))
        for i in range(shown)
    ]
    rows = -(-shown // PER_ROW)
    return Strip(dots, min(shown, PER_ROW) * SPACING, rows * SPACING, each=-(-total // shown))


def _middle(place: int) -> int:
    return place * SPACING + SPACING // 2


def _state_at(place: float, counts: Mapping[str, int]) -> str:
    for state in _ORDER:
        place -= counts.get(state, 0)
        if place < 0:
            return state.value
    return "open"
