"""Effects: what lies in their columns, and how much a fit varies over the whole range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.parameters import Choice, Kind, Range
from caviar.scales import Scale
from service.importances.effects import effect, positions
from tests.caviar.spaces import float_ranges, int_ranges
from tests.caviar.spaces import positions as units


@given(float_ranges() | int_ranges(), st.lists(units, min_size=1, max_size=5))
def test_positions_are_the_middles_of_cells(range_: Range, us: list[float]) -> None:
    values = [range_.value_at(u) for u in us]
    middles = [sum(range_.cell(value)) / 2 for value in values]
    assert positions(range_, values).tolist() == pytest.approx(middles, abs=1e-9)


def test_a_broken_line_follows_any_slope_and_its_spread_is_the_variance_over_the_range() -> None:
    rng = np.random.default_rng(0)
    log = Range(low=1e-4, high=1.0, scale=Scale.LOG)
    values = [log.value_at(u) for u in rng.random(500) ** 3]
    line = effect(log, values, columns=10)
    slope = 3.0 * np.log10(values)
    theta = np.linalg.lstsq(line.design, slope - slope.mean())[0]
    assert line.design @ theta == pytest.approx(slope - slope.mean())
    assert theta @ line.spread @ theta == pytest.approx((3 * 4) ** 2 / 12, rel=1e-3)


@pytest.mark.parametrize(
    ("parameter", "levels"),
    [
        (Range(low=2, high=5, type=Kind.INT), [2, 3, 4, 5]),
        (Choice(values=[256, 64, 128]), [64, 128, 256]),
        (Choice(values=["relu", "tanh", None]), ["relu", "tanh", None]),
    ],
)
def test_levels_follow_any_values_and_each_is_as_much_of_the_range(
    parameter: Range | Choice, levels: list[object]
) -> None:
    rng = np.random.default_rng(1)
    worth = rng.normal(size=len(levels))
    at = np.minimum((rng.random(300) ** 2 * len(levels)).astype(int), len(levels) - 1)
    steps = effect(parameter, [levels[i] for i in at], columns=10)
    theta = np.linalg.lstsq(steps.design, worth[at] - worth[at].mean())[0]
    assert steps.design @ theta == pytest.approx(worth[at] - worth[at].mean())
    assert theta @ steps.spread @ theta == pytest.approx(worth.var())


def test_a_level_of_a_log_range_counts_for_its_share_of_the_range() -> None:
    layers = Range(low=1, high=3, type=Kind.INT, scale=Scale.LOG)
    steps = effect(layers, [1, 2, 3] * 10, columns=10)
    theta = np.linalg.lstsq(steps.design, np.array([-1.0, 0.0, 1.0] * 10))[0]
    shares = [end - start for start, end in map(layers.cell, (1, 2, 3))]
    worth = np.array([-1.0, 0.0, 1.0])
    assert theta @ steps.spread @ theta == pytest.approx(np.average((worth - shares @ worth) ** 2, weights=shares))


@pytest.mark.parametrize("is_ordered", [True, False])
def test_a_choice_of_many_values_keeps_to_its_columns(is_ordered: bool) -> None:
    many = Choice(values=[f"v{i}" for i in range(50)], ordered=is_ordered)
    assert effect(many, [f"v{i * i % 50}" for i in range(200)], columns=8).design.shape == (200, 8)
