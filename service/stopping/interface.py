"""What a stopping rule is, and how a trial is judged by one.

A rule has rungs: steps at which trials are compared. A trial that reaches a rung makes an entry there, a score, and is
held against the rung's cutoff: the worst score that goes on. The cutoffs of a round's trials are taken once, when the
round is created, from the entries of finished trials; so which trials are stopped does not depend on who reports first.

Scores: lower is better. WORST stands for a metric that was NaN or infinite.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

WORST = math.inf


@dataclass(frozen=True)
class Cutoff:
    """The worst score that goes on at a rung, and of how many finished trials' entries it was taken."""

    score: float
    trials: int


@dataclass(frozen=True)
class Entry:
    """What a trial made of a rung."""

    rung: int
    score: float


class Rule(Protocol):
    """One per name in the registry; a pure value."""

    @property
    def name(self) -> str: ...

    @property
    def sentence(self) -> str:
        """Why a trial was stopped, with places for {value}, {cutoff} and {trials}."""
        ...

    def rungs(self, *, up_to: int) -> list[int]:
        """The rungs up to a step, rising; their number grows with the logarithm of the step."""
        ...

    def entry(self, score: float, *, before: float) -> float:
        """What a trial with this score enters at a rung; `before` is its entry at its last rung, WORST at its first."""
        ...

    def cutoff(self, scores: Sequence[float]) -> float | None:
        """From the entries of finished trials, in any order; None where they are too few to stop anybody."""
        ...


def rung_at(rule: Rule, step: int) -> int | None:
    """The highest rung that a step has reached."""
    return next(reversed(rule.rungs(up_to=step)), None)


def cutoffs(rule: Rule, entries: Mapping[int, Sequence[float]]) -> dict[int, Cutoff]:
    """By rung. A rung at which the cutoff itself is WORST stops nobody and is left out."""
    found = {step: (rule.cutoff(scores), len(scores)) for step, scores in entries.items()}
    return {step: Cutoff(score, n) for step, (score, n) in found.items() if score is not None and math.isfinite(score)}


def is_stopped(entry: float, cutoff: Cutoff | None) -> bool:
    """A trial as good as the cutoff goes on."""
    return cutoff is not None and entry > cutoff.score


def to_json(found: Mapping[int, Cutoff]) -> dict[str, Any]:
    """As a round's row keeps them."""
    return {str(step): asdict(cutoff) for step, cutoff in sorted(found.items())}


def from_json(document: Mapping[str, Any] | None) -> dict[int, Cutoff]:
    return {int(step): Cutoff(**cutoff) for step, cutoff in (document or {}).items()}
