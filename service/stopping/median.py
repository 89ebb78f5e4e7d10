"""The median rule: a trial whose best score so far is worse than the median of the others' goes no further.

Source: Golovin et al. 2017, "Google Vizier: A Service for Black-Box Optimization", section 3.2.2. Deviations: the
others' best scores up to the same step are compared, where Vizier compares running averages; and of a learning curve
only the rungs are looked at, so that a decision costs the same however many steps were reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import ClassVar

from service.stopping import rungs


@dataclass(frozen=True)
class Median:
    name: ClassVar[str] = "median"
    sentence: ClassVar[str] = "its best so far, {value}, is worse than {cutoff}, the median of {trials} finished trials"

    min_steps: int
    min_trials: int

    def rungs(self, *, up_to: int) -> list[int]:
        """Each about half larger than the one before."""
        return rungs.by_half(self.min_steps, up_to=up_to)

    def entry(self, score: float, *, before: float) -> float:
        return min(score, before)

    def cutoff(self, scores: Sequence[float]) -> float | None:
        """None while there are fewer than min_trials."""
        return median(scores) if len(scores) >= self.min_trials else None
