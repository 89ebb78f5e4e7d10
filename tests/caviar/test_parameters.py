"""Ranges and choices: what they give, and where their values lie in the unit interval."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from caviar.parameters import Choice, Kind, Range, key, tag
from caviar.scales import Scale
from tests.caviar.spaces import choices, int_ranges, parameters, plain_values, positions, ranges


@given(parameters, positions)
def test_what_is_drawn_is_a_value_without_a_problem(parameter: Range | Choice, u: float) -> None:
    assert parameter.problem_with(parameter.value_at(u)) is None


@given(int_ranges() | choices(), positions, positions)
def test_every_position_of_a_cell_gives_its_value(parameter: Range | Choice, u: float, part: float) -> None:
    drawn = parameter.value_at(u)
    start, end = parameter.cell(drawn)
    assert 0.0 <= start < end <= 1.0
    inside = start + (end - start) * (0.001 + 0.998 * part)
    assert key(parameter.value_at(inside)) == key(drawn)


@given(int_ranges() | choices())
def test_the_cells_of_all_values_fill_the_interval_without_a_gap(parameter: Range | Choice) -> None:
    assert parameter.in_order is not None
    cells = [parameter.cell(value) for value in parameter.in_order]
    assert len(cells) == parameter.levels
    edges = [0.0, *(start for start, _ in cells[1:]), 1.0]
    assert [start for start, _ in cells] + [1.0] == pytest.approx(edges)
    assert [end for _, end in cells] == pytest.approx(edges[1:])


@given(ranges, positions)
def test_the_cell_of_a_float_is_its_position(range_: Range, u: float) -> None:
    if range_.type is Kind.FLOAT:
        start, end = range_.cell(range_.value_at(u))
        assert start == end
        assert range_.levels is None


def test_both_ends_of_an_integer_range_are_as_likely_as_the_middle() -> None:
    layers = Range(low=2, high=4, type=Kind.INT)
    shares = Counter(layers.value_at((step + 0.5) / 300) for step in range(300))
    assert shares == {2: 100, 3: 100, 4: 100}


def test_a_log_integer_range_gives_small_values_the_larger_share() -> None:
    width = Range(low=1, high=100, scale=Scale.LOG, type=Kind.INT)
    assert width.value_at(0.5) == 7
    assert isinstance(width.value_at(0.5), int)


@pytest.mark.parametrize(
    ("values", "ordered", "is_ordered", "in_order"),
    [
        ([512, 64, 128], None, True, [64, 128, 512]),
        ([512, 64, 128], False, False, [512, 64, 128]),
        (["relu", "tanh"], None, False, ["relu", "tanh"]),
        (["small", "large"], True, True, ["small", "large"]),
        ([True, False], None, False, [True, False]),
        ([0, False], None, False, [0, False]),
    ],
)
def test_numbers_are_ordered_by_size_and_others_as_listed(
    values: list[Any], ordered: bool | None, is_ordered: bool, in_order: list[Any]
) -> None:
    choice = Choice(values=values, ordered=ordered)
    assert (choice.is_ordered, choice.in_order) == (is_ordered, in_order)


@pytest.mark.parametrize("value", [{"a": 1}, [{"a": 1}], [[1]], float("nan"), 10**400, "\ud800", None, True])
@pytest.mark.parametrize(
    "parameter", [Range(low=1, high=2), Range(low=1, high=2, type=Kind.INT), Choice(values=[1, [2]])]
)
def test_any_json_value_may_be_asked_about(parameter: Range | Choice, value: Any) -> None:
    assert parameter.problem_with(value)


@given(st.lists(plain_values, max_size=3) | plain_values, st.lists(plain_values, max_size=3) | plain_values)
def test_keys_are_equal_only_for_values_that_json_calls_equal(one: Any, other: Any) -> None:
    """Python has True == 1; JSON has not."""
    same = repr(one) == repr(other) or _as_text(one) == _as_text(other)
    assert (key(one) == key(other)) == same


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ",".join(map(_as_text, value)) + "]"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(float(value) + 0.0)
    return repr(value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [({"low": 1, "high": 2}, "range"), ({"values": [1]}, "choice"), ({}, "range"), (3, "constant"), ([1], "constant")],
)
def test_the_form_of_a_value_tells_its_kind(value: Any, kind: str) -> None:
    assert tag(value) == kind


@pytest.mark.parametrize("steps", [0, 1, -2, 10_001, 2.0, True, "3"])
def test_a_grid_has_at_least_two_steps_and_not_endlessly_many(steps: Any) -> None:
    with pytest.raises(ValidationError):
        Range(low=0, high=1, steps=steps)


def test_steps_change_neither_what_is_drawn_nor_which_values_there_are() -> None:
    assert Range(low=0, high=10, type=Kind.INT, steps=3).levels == 11
    assert Range(low=0, high=10, steps=3).value_at(0.123) == Range(low=0, high=10).value_at(0.123)
