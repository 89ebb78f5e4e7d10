"""Ranking: which of two results is the better, and scores that do not depend on the metric's unit."""

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from service.samplers.interface import Result
from service.samplers.ranking import MOST_STRETCHED, best_first, normal_scores, targets

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


def results(values: list[float]) -> list[Result]:
    return [Result(n, {}, value) for n, value in enumerate(values)]


def test_targets_of_the_worse_half_are_ranks_and_of_the_better_half_lie_on_a_line() -> None:
    values = [*np.linspace(4, 6, 8), *np.linspace(6.5, 7.5, 8), 8.0, *(10.0**n for n in range(1, 16))]
    found, ranks = targets(results(values)), normal_scores(results(values))
    assert found[16:] == pytest.approx(ranks[16:])
    # The line through the first quartile's point, (6.5, its rank), and the median's, (8, its rank).
    assert found[8] == pytest.approx(ranks[8])
    assert found[:16] == pytest.approx(ranks[16] - (8.0 - np.array(values[:16])) / 1.5 * (ranks[16] - ranks[8]))


def test_targets_do_not_depend_on_the_unit_of_the_metric() -> None:
    values = list(np.random.default_rng(0).normal(size=40))
    found = targets(results(values))
    assert targets(results([1000 * value - 7 for value in values])) == pytest.approx(found)
    assert abs(found.mean()) < 0.2
    assert 0.7 < found.std() < 1.3


def test_targets_keep_the_order_even_of_results_that_are_far_better_than_the_others() -> None:
    values = [-1e6, -1e3, *map(float, range(1, 40))]
    found, ranks = targets(results(values)), normal_scores(results(values))
    assert found[:2] == pytest.approx(MOST_STRETCHED * ranks[:2])
    assert (np.diff(found) > 0).all()


@pytest.mark.parametrize(
    "values",
    [[1.0, 2.0, 3.0], [0.5] * 40, [0.1, *[0.5] * 39], [-1.7e308] * 10 + [1.0, 2.0] * 10 + [1.6e308, 1.7e308] * 10],
    ids=["few", "equal", "half equal", "as far apart as floats are"],
)
def test_targets_are_finite_and_never_turn_an_order_round(values: list[float]) -> None:
    found = targets(results(sorted(values)))
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()


def test_targets_of_stopped_and_failed_results_are_their_ranks_behind_all_that_ran_to_their_end() -> None:
    ended = results([float(n * n) for n in range(40)])
    others = [Result(40 + n, {}, -5.0, step=n) for n in range(1, 8)] + [Result(60, {}, None), Result(61, {}, None)]
    found, ranks = targets([*ended, *others]), normal_scores([*ended, *others])
    assert (found[40:] == ranks[40:]).all()
    assert (found[:20] != ranks[:20]).any()
    assert found[:40].max() < found[40:].min()
