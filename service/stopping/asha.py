"""Asynchronous successive halving (ASHA): at each rung one trial in eta goes on.

Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", algorithm 2. Deviations: a trial that
does not go on at once is stopped, where the paper keeps it to be resumed later; and it is compared with finished trials
of earlier rounds, where the paper compares it with whatever has been reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from service.stopping import rungs


@dataclass(frozen=True)
class Asha:
    name: ClassVar[str] = "asha"
    sentence: ClassVar[str] = "{value} is worse than {cutoff}, the cutoff of {trials} finished trials"

    eta: int
    min_steps: int

    def rungs(self, *, up_to: int) -> list[int]:
        """min_steps * eta^k."""
        return rungs.multiples(self.min_steps, factor=self.eta, up_to=up_to)

    def entry(self, score: float, *, before: float) -> float:
        return score

    def cutoff(self, scores: Sequence[float]) -> float | None:
        """Of the n others and itself, the best floor((n + 1) / eta) go on; nobody is stopped while n < eta.

        It is among the best k of all exactly where it is no worse than the k-th best of the others.
        """
        if len(scores) < self.eta:
            return None
        return sorted(scores)[(len(scores) + 1) // self.eta - 1]
