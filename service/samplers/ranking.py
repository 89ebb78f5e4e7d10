"""Which result is better, and by how much on a scale that every metric can share."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from service.samplers.interface import Result

Place = tuple[int, int, float]


def place(result: Result) -> Place:
    """Sorts results, the best first: those that ran to their end, those stopped later before those stopped earlier,
    at last those without a value; within each by score.

    A stopped trial's score is that of its last step. It was stopped because it stood behind others at that step, so
    whatever it would have reached, the results that went on are the better bet.
    """
    if result.score is None:
        return 2, 0, 0.0
    if result.step is not None:
        return 1, -result.step, result.score
    return 0, 0, result.score


def best_first(results: Sequence[Result]) -> list[Result]:
    """Ties by number."""
    return sorted(results, key=lambda result: (place(result), result.number))


def normal_scores(results: Sequence[Result]) -> NDArray[np.float64]:
    """(N,): the normal quantile of each result's mid-rank, lower is better, equal for equal results.

    Ranks make the model blind to units and outliers: a diverged trial is the worst and no worse than that.
    Source: Blom 1958, "Statistical estimates and transformed beta-variables", with Hazen's (rank - 1/2) / N.
    """
    places = [place(result) for result in results]
    order = {at: i for i, at in enumerate(sorted(set(places)))}
    tied = np.array([order[at] for at in places])
    counts = np.bincount(tied)
    ends = np.cumsum(counts)
    return np.asarray(ndtri((ends[tied] - counts[tied] / 2) / len(places)))
