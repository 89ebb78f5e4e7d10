"""What a sampler is. The server asks it for a round's plan, then draws the round's trials one by one from that plan.

Both are pure functions of their arguments, so the same spec, seed and results give the same trials, on any server.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from caviar.space import Hyperparameters, Space

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """A finished trial. `score`: lower is better; None for one that diverged, failed or was cancelled: the worst."""

    number: int
    hyperparameters: Mapping[str, Any]
    score: float | None


@dataclass(frozen=True)
class Plan:
    """One round. `state` is all that `draw` needs, as plain JSON; `box` is for people; `best` is a trial's number."""

    state: Json
    box: Json
    reason: str
    seen: int
    best: int | None


class Sampler(Protocol):
    """One per name in the registry; holds no state of its own."""

    waits: bool
    """Whether a round depends on results; if not, one round covers the whole budget and nothing is ever waited for."""

    def plan(self, space: Space, results: Sequence[Result]) -> Plan: ...

    def draw(self, space: Space, state: Json, *, seed: int, number: int) -> Hyperparameters: ...
