"""Ranking: which of two results is the better, and scores that do not depend on the metric's unit."""

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from service.samplers.interface import Result
from service.samplers.ranking import best_first, normal_scores

ENDED, BETTER = Result(0, {}, 0.5), Result(1, {}, 0.25)
STOPPED_LATE, STOPPED_EARLY = Result(2, {}, 0.1, step=27), Result(3, {}, 0.05, step=9)
WORSE_LATE = Result(4, {}, 0.2, step=27)
FAILED, STOPPED_DIVERGED = Result(5, {}, None), Result(6, {}, None, step=3)


def test_those_that_ran_to_their_end_come_before_stopped_ones_and_failures_last() -> None:
    expected = [BETTER, ENDED, STOPPED_LATE, WORSE_LATE, STOPPED_EARLY, FAILED, STOPPED_DIVERGED]
    assert best_first(expected[::-1]) == expected


def test_of_equal_results_the_first_is_the_best() -> None:
    assert [result.number for result in best_first([Result(n, {}, 0.5) for n in (3, 1, 2)])] == [1, 2, 3]


def test_scores_are_normal_quantiles_of_the_mean_ranks_of_equal_results() -> None:
    values = [0.5, 3.0, 0.5, 1.0, 9.0, 1.0, 1.0]
    expected = norm.ppf((rankdata(values) - 0.5) / len(values))
    assert normal_scores([Result(n, {}, value) for n, value in enumerate(values)]) == pytest.approx(expected)


def test_scores_depend_on_nothing_but_the_order() -> None:
    values = np.array([0.3, -2.0, 7.0, 1e300])
    squeezed = [Result(n, {}, value) for n, value in enumerate(np.arctan(values))]
    assert (normal_scores([Result(n, {}, value) for n, value in enumerate(values)]) == normal_scores(squeezed)).all()


def test_failures_are_the_worst_and_no_worse_than_that() -> None:
    scores = normal_scores([ENDED, FAILED, BETTER, STOPPED_DIVERGED])
    assert scores[1] == scores[3] == scores.max()
    assert np.isfinite(scores).all()
    assert normal_scores([FAILED, FAILED]) == pytest.approx([0.0, 0.0])
