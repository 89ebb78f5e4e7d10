"""What a sampler is: values in, values out.

Two kinds. An `Independent` sampler (random, sobol, grid) draws a trial from its place in the search alone and waits for
nothing. An `Adaptive` one (zoom) plans a round from the results that the round may see. Both are pure functions of
their arguments, so the same spec, seed and results give the same trials, on any server.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from caviar.errors import FieldError
from caviar.space import Hyperparameters, Space
from caviar.spec import SamplerSpec
from caviar.states import Origin

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """A finished trial. `score`: lower is better; None for one that diverged, failed or was cancelled: the worst.

    `step` is where a stopping rule ended it, and its score is then of that step; None for one that ran to its end.
    """

    number: int
    hyperparameters: Mapping[str, Any]
    score: float | None
    step: int | None = None


@dataclass(frozen=True)
class Ask:
    """All that a round is computed from: the same ask gives the same plan."""

    space: Space
    spec: SamplerSpec
    seed: int
    first: int
    """The number of the round's first trial."""
    size: int
    drawn: int
    """How many trials were drawn before this round, as opposed to enqueued by a user."""
    budget: int
    results: Sequence[Result]
    """The finished trials that the round may see, by number; in a long search only the best and the newest of them."""
    seen: int
    """How many finished trials there are, with those that `results` leaves out."""
    pending: Sequence[Hyperparameters]
    """Trials whose results the round may not see."""
    defaults: Hyperparameters | None
    """A first guess, where the trainer has one."""
    state: Json | None
    """What the round before left in `Plan.state`."""


@dataclass(frozen=True)
class Suggestion:
    """A trial to come. `parent`: the number of the trial that it runs again with another seed."""

    hyperparameters: Hyperparameters
    origin: Origin = Origin.SAMPLED
    parent: int | None = None


@dataclass(frozen=True)
class Plan:
    """One round. Fewer suggestions than asked for mean that the space has no further points.

    `state` is for the next round, as plain JSON; `box` and `reason` are for people; `best` is a trial's number.
    """

    suggestions: Sequence[Suggestion]
    state: Json
    box: Json
    reason: str
    best: int | None = None
    hints: Sequence[str] = ()


@runtime_checkable
class Independent(Protocol):
    """Draws the trial at a place in the search, 0, 1, 2 …; enqueued trials take no place."""

    reason: str

    def problems(self, space: Space) -> Sequence[FieldError]:
        """What keeps this sampler from searching this space."""
        ...

    def points(self, space: Space) -> int | None:
        """How many different places there are; None without an end."""
        ...

    def draw(self, space: Space, *, seed: int, place: int) -> Hyperparameters: ...


class Adaptive(Protocol):
    """Learns from results, so that a round waits for them."""

    def plan(self, ask: Ask) -> Plan: ...
