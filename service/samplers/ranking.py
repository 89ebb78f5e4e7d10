"""Which result is better, and by how much on a scale that every metric can share."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.samplers.interface import Result

Place = tuple[int, int, float]
FEWEST_FOR_SCORES = 32
"""With fewer results that ran to their end a quartile is too much of an accident, and ranks are what is learned."""
MOST_STRETCHED = 2.0
"""So many times as far from the middle as its rank would be is a target at most."""


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


def targets(results: Sequence[Result]) -> NDArray[np.float64]:
    """(N,): what a model learns, lower is better, with mean near 0 and variance near 1.

    Normal scores; but for the better half of the results that ran to their end the scores themselves, on the line
    that gives their median and their first quartile the normal scores of these. Ranks alone would make much of the
    smallest differences among the best, and a search would go on about them where it is already as good as there.
    """
    ranks = normal_scores(results)
    whole = [row for row, result in enumerate(results) if result.score is not None and result.step is None]
    if len(whole) < FEWEST_FOR_SCORES:
        return ranks
    scores = np.array([results[row].score for row in whole], float)
    order = np.argsort(scores, kind="stable")
    middle, quartile = order[len(order) // 2], order[len(order) // 4]
    of_whole = ranks[whole]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # scores may be as large as floats are
        steps = (scores[middle] - scores) / (scores[middle] - scores[quartile])
    if np.isnan(steps[quartile]):
        return ranks  # half of them are equal, or too far apart to be subtracted
    on_line = of_whole[middle] - steps * (of_whole[middle] - of_whole[quartile])
    on_line = np.where(steps > 1, np.maximum(on_line, MOST_STRETCHED * of_whole), on_line)
    ranks[whole] = np.where(steps > 0, on_line, of_whole)
    return ranks


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
    from scipy.special import ndtri

    return np.asarray(ndtri((ends[tied] - counts[tied] / 2) / len(places)))
