"""The surface of a contour: what a model makes of two parameters, and where it says nothing."""

import math
import random
import sys
from typing import Any

import pytest

from caviar.parameters import Choice, Range
from caviar.scales import Scale
from caviar.states import Goal, Origin, TrialState
from caviar.wire.charts import SampledTrial
from service.surface import FEWEST_RESULTS, MOST_RESULTS, surface

X = Range(low=1e-4, high=1.0, scale=Scale.LOG)
Y = Range(low=0.0, high=1.0)
KIND = Choice(values=["a", "b"])


def a_trial(number: int, value: float | None, **hparams: Any) -> SampledTrial:
    return SampledTrial(
        id=str(number),
        number=number,
        value=value,
        state=TrialState.COMPLETED,
        diverged=value is None,
        round=0,
        origin=Origin.SAMPLED,
        hyperparameters=hparams,
    )


def bowl(count: int, *, highest_y: float = 1.0) -> list[SampledTrial]:
    """The value is least at x = 0.01, whatever y."""
    randoms = random.Random(0)
    points = [(10 ** (-4 * randoms.random()), highest_y * randoms.random()) for _ in range(count)]
    return [a_trial(i, (math.log10(x) + 2) ** 2, x=x, y=y) for i, (x, y) in enumerate(points)]


@pytest.mark.parametrize("count", [FEWEST_RESULTS + 8, 3 * MOST_RESULTS])
def test_it_is_lowest_where_the_results_are(count: int) -> None:
    found = surface({"x": X, "y": Y}, bowl(count), goal=Goal.MINIMIZE)
    assert found is not None
    assert found.seen == min(count, found.seen) <= MOST_RESULTS
    middle = found.z[len(found.y) // 2]
    known = [(value, x) for value, x in zip(middle, found.x, strict=True) if value is not None]
    assert 0.003 < min(known)[1] < 0.03


def test_it_is_blank_where_nothing_is_known() -> None:
    found = surface(
        {"x": X, "y": Y},
        [a_trial(i, math.sin(40 * y), x=0.01, y=y) for i in range(60) if (y := i / 600) < 1],
        goal=Goal.MINIMIZE,
    )
    assert found is not None
    assert found.z[0][len(found.x) // 2] is not None
    assert found.z[-1][len(found.x) // 2] is None


def test_a_choice_has_its_own_values_and_no_others() -> None:
    trials = [a_trial(i, float(i % 2), kind="ab"[i % 2], y=i / 30) for i in range(30)]
    found = surface({"y": Y, "kind": KIND}, trials, goal=Goal.MAXIMIZE)
    assert found is not None
    assert found.y == ["a", "b"]
    low, high = ([value for value in row if value is not None] for row in found.z)
    assert max(low) < 0.5 < min(high)


@pytest.mark.parametrize(
    "trials", [[], bowl(FEWEST_RESULTS - 1), [a_trial(i, 1.0, x=0.1, y=i / 20) for i in range(20)]]
)
def test_of_few_results_or_equal_ones_there_is_none(trials: list[SampledTrial]) -> None:
    assert surface({"x": X, "y": Y}, trials, goal=Goal.MINIMIZE) is None


def test_one_result_that_exploded_does_not_flatten_it() -> None:
    found = surface({"x": X, "y": Y}, [*bowl(60), a_trial(99, 1e30, x=0.5, y=0.5)], goal=Goal.MINIMIZE)
    assert found is not None
    assert max(value for row in found.z for value in row if value is not None) < 20


def test_values_as_large_as_floats_are_have_no_surface_or_a_finite_one() -> None:
    for values in ([sys.float_info.max, -sys.float_info.max] * 20, [1e300, 2e300, 3e300, 1.0] * 10):
        trials = [a_trial(i, value, x=0.01, y=i / 40) for i, value in enumerate(values)]
        found = surface({"x": X, "y": Y}, trials, goal=Goal.MINIMIZE)
        heights = [] if found is None else [value for row in found.z for value in row if value is not None]
        assert all(map(math.isfinite, heights))
