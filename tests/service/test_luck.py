"""What running trials again shows: against SciPy's own two-sample test, and in the cases that have no spread."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy import stats

from caviar.states import Goal
from service.luck import Confirmed, confirmed


def luck(values: Mapping[int, Sequence[float]], *, trial: int = 1, goal: Goal = Goal.MAXIMIZE) -> float | None:
    found = confirmed(trial, values, goal=goal)
    assert found is not None
    return found.luck


@pytest.mark.parametrize("goal", list(Goal))
def test_with_two_trials_it_is_the_one_sided_t_test_of_equal_variances(goal: Goal) -> None:
    mine, theirs = [0.98, 0.97, 0.99, 0.96], [0.97, 0.975, 0.95]
    mine_is_better = "greater" if goal is Goal.MAXIMIZE else "less"
    expected = stats.ttest_ind(mine, theirs, equal_var=True, alternative=mine_is_better).pvalue
    assert luck({1: mine, 2: theirs}, goal=goal) == pytest.approx(expected, abs=1e-12)


def test_runs_mean_and_spread_count_the_trial_itself() -> None:
    found = confirmed(1, {1: [0.5, 0.75, 1.0]}, goal=Goal.MINIMIZE)
    assert found == Confirmed(runs=3, mean=0.75, spread=0.25, luck=None)


def test_a_trial_that_was_not_run_again_has_nothing_to_show() -> None:
    assert confirmed(1, {1: [0.5], 2: [0.5, 0.6]}, goal=Goal.MINIMIZE) is None
    assert confirmed(3, {2: [0.5, 0.6]}, goal=Goal.MINIMIZE) is None


def test_two_that_are_alike_are_as_likely_better_and_worse() -> None:
    assert luck({1: [0.9, 0.8], 2: [0.8, 0.9]}) == pytest.approx(0.5)


@pytest.mark.parametrize(("theirs", "expected"), [(0.8, 0.0), (0.9, 0.5), (0.95, 1.0)])
def test_without_any_spread_the_means_alone_decide(theirs: float, expected: float) -> None:
    assert luck({1: [0.9, 0.9], 2: [theirs, theirs]}) == expected


def test_the_best_of_the_others_is_the_rival() -> None:
    values = {1: [0.9, 0.92], 2: [0.1, 0.12], 3: [0.89, 0.91]}
    assert luck(values) == pytest.approx(luck({**values, 2: [0.2, 0.22]}))
    assert luck(values) != pytest.approx(luck({**values, 3: [0.5, 0.52]}))


def test_it_is_the_chance_of_being_wrong_when_both_are_drawn_many_times() -> None:
    """Of pairs with equal means, the share in which luck is below a tenth is a tenth."""
    chance = np.random.default_rng(0)
    drawn = chance.normal(size=(4000, 2, 3))
    below = [luck({1: list(mine), 2: list(theirs)}) for mine, theirs in drawn]
    assert np.mean([value is not None and value < 0.1 for value in below]) == pytest.approx(0.1, abs=0.02)


def test_values_as_large_as_floats_are_give_a_mean_and_a_chance() -> None:
    found = confirmed(1, {1: [1.7e308, 1.6e308], 2: [-1.7e308, 1.7e308]}, goal=Goal.MINIMIZE)
    assert found is not None
    assert found.mean == pytest.approx(1.65e308)
    assert found.luck is not None
    assert 0.5 < found.luck < 1.0
    widest = confirmed(2, {2: [-1.7e308, 1.7e308]}, goal=Goal.MINIMIZE)
    assert widest is not None
    assert (widest.mean, np.isfinite(widest.spread)) == (0.0, True)
    assert confirmed(1, {1: [1e160, 0.5]}, goal=Goal.MINIMIZE) is not None
    assert confirmed(1, {1: [0.0, 0.0]}, goal=Goal.MINIMIZE) == Confirmed(runs=2, mean=0.0, spread=0.0, luck=None)
