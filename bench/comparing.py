"""Two sides at the same work: how many times faster one is, told only when their networks are as good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median, quantiles

LARGEST_DIFFERENCE = 0.01
"""Between the mean dev accuracies of two sides; beyond it they did not do the same work, and no ratio is told."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One side: seconds per network, one for each round, and the mean dev accuracy of its networks over the seeds."""

    seconds: Sequence[float]
    accuracy: float

    @property
    def typical(self) -> float:
        """The median."""
        return median(self.seconds)


@dataclass(frozen=True)
class Comparison:
    """We against a peer; the rounds at the same place were measured right after one another."""

    ours: Measured
    peer: Measured

    @property
    def ratios(self) -> list[float]:
        """How many times faster we are, in each round."""
        return [peer / ours for ours, peer in zip(self.ours.seconds, self.peer.seconds, strict=True)]

    @property
    def middle_half(self) -> tuple[float, float]:
        """Where the middle half of the ratios lies; all of them when there are few."""
        if len(self.ratios) < 4:
            return min(self.ratios), max(self.ratios)
        low, _, high = quantiles(self.ratios, n=4)
        return low, high

    @property
    def is_fair(self) -> bool:
        """Whether both learned the same; exactly the largest difference still counts as that, however it is rounded."""
        return abs(self.ours.accuracy - self.peer.accuracy) <= LARGEST_DIFFERENCE + 1e-9

    @property
    def figure(self) -> float | None:
        """The median ratio, or None where there is no fair one. A disturbance longer than a round falls out of it."""
        return median(self.ratios) if self.is_fair else None


def measured(seconds: Sequence[float], accuracies: Sequence[float], *, networks: int) -> Measured:
    """`seconds` of each round in which so many networks were trained."""
    return Measured(seconds=[one / networks for one in seconds], accuracy=mean(accuracies))


def compare(sides: Mapping[str, Measured], pairs: Mapping[str, tuple[str, str]]) -> dict[str, Comparison]:
    """`pairs`: name of a figure -> our side and the peer's. Those with a side that is not there are left out."""
    return {
        name: Comparison(sides[we], sides[peer]) for name, (we, peer) in pairs.items() if we in sides and peer in sides
    }
