"""The maps between a value and the unit interval."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.parameters import Range
from caviar.scales import Scale, from_unit, to_unit
from tests.caviar.spaces import float_ranges, positions


def value(range_: Range, u: float) -> float:
    return from_unit(u, low=range_.low, high=range_.high, scale=range_.scale)


def position(range_: Range, x: float) -> float:
    return to_unit(x, low=range_.low, high=range_.high, scale=range_.scale)


@given(float_ranges(), positions)
def test_a_value_lies_inside_its_range(range_: Range, u: float) -> None:
    assert range_.low <= value(range_, u) <= range_.high


@given(float_ranges(), positions)
def test_the_two_maps_are_inverse(range_: Range, u: float) -> None:
    x = value(range_, u)
    assert value(range_, position(range_, x)) == pytest.approx(x, rel=1e-9, abs=1e-9 * (range_.high - range_.low))


@given(float_ranges(), positions, positions)
def test_both_maps_rise(range_: Range, u: float, v: float) -> None:
    u, v = sorted((u, v))
    assert value(range_, u) <= value(range_, v)
    assert position(range_, value(range_, u)) <= position(range_, value(range_, v))


@given(float_ranges(), st.floats(allow_nan=False))
def test_a_position_outside_is_clipped_to_the_ends(range_: Range, x: float) -> None:
    assert 0.0 <= position(range_, x) <= 1.0


@pytest.mark.parametrize("scale", Scale)
def test_the_ends_of_the_interval_are_the_ends_of_the_range(scale: Scale) -> None:
    for u, x in ((0.0, 0.25), (1.0, 0.75)):
        assert from_unit(u, low=0.25, high=0.75, scale=scale) == pytest.approx(x)
        assert to_unit(x, low=0.25, high=0.75, scale=scale) == u


def test_log_gives_every_decade_the_same_share() -> None:
    assert from_unit(0.5, low=1e-4, high=1.0, scale=Scale.LOG) == pytest.approx(1e-2)
    assert from_unit(0.75, low=1e-4, high=1.0, scale=Scale.LOG) == pytest.approx(1e-1)


def test_reverse_log_gives_every_decade_of_one_minus_x_the_same_share() -> None:
    assert from_unit(0.5, low=0.9, high=0.999, scale=Scale.REVERSE_LOG) == pytest.approx(0.99)
    assert to_unit(0.99, low=0.9, high=0.999, scale=Scale.REVERSE_LOG) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("scale", "low"), [(Scale.LINEAR, 1.0), (Scale.LOG, 1e300), (Scale.LOG, 1.0), (Scale.REVERSE_LOG, 1e-20)]
)
def test_a_range_narrower_than_the_scale_can_tell_has_values_and_positions(scale: Scale, low: float) -> None:
    high = math.nextafter(low, math.inf)
    for u in (0.0, 0.5, 1.0):
        assert low <= from_unit(u, low=low, high=high, scale=scale) <= high
    for x in (low, high):
        assert 0.0 <= to_unit(x, low=low, high=high, scale=scale) <= 1.0
