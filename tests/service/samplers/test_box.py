"""Boxes: drawn from, shown to people."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.parameters import Choice, Kind, Range, Varying, key
from caviar.scales import Scale
from caviar.space import Space
from service.samplers import box
from service.samplers.box import Side
from tests.caviar.spaces import parameters, positions

several = st.lists(positions, min_size=1, max_size=6)
seeds = st.integers(0, 2**53 - 1)


@st.composite
def wide_int_ranges(draw: st.DrawFn) -> Range:
    """As wide as the seeds of other programs."""
    low = draw(st.integers(1, 2**31))
    scale = draw(st.sampled_from([Scale.LINEAR, Scale.LOG]))
    return Range(low=low, high=low + draw(st.integers(1, 2**40)), scale=scale, type=Kind.INT)


def shown(parameter: Varying, side: Side) -> dict[str, Any]:
    described: dict[str, Any] = box.document(Space({"x": parameter}), {"x": side})["x"]
    return described


def holds(parameter: Varying, side: Side, value: object) -> bool:
    described = shown(parameter, side)
    if isinstance(parameter, Range):
        return bool(described["low"] <= value <= described["high"])
    return key(value) in [key(step) for step in described["values"]]


def side_of(parameter: Varying, values: Sequence[Any]) -> Side:
    """Whole cells: from the first value's to the last one's, or those of an unordered choice alone."""
    cells = sorted({parameter.cell(value) for value in values})
    if isinstance(parameter, Choice) and not parameter.is_ordered:
        return cells
    return [(cells[0][0], cells[-1][1])]


@given(parameters | wide_int_ranges())
def test_the_whole_box_is_shown_as_the_parameter_itself(parameter: Varying) -> None:
    described = shown(parameter, box.WHOLE)
    if isinstance(parameter, Range):
        tiny = 0.0 if parameter.type is Kind.INT else 1e-12 * (parameter.high - parameter.low)
        assert described == pytest.approx({"low": parameter.low, "high": parameter.high}, rel=0.0, abs=tiny)
    else:
        assert described == {"values": parameter.in_order}


@given(parameters | wide_int_ranges(), several, seeds)
def test_what_is_drawn_from_a_side_lies_in_what_is_shown_of_it(parameter: Varying, at: list[float], seed: int) -> None:
    side = side_of(parameter, [parameter.value_at(u) for u in at])
    for number in range(10):
        drawn = box.draw(Space({"x": parameter}), {"x": side}, seed=seed, number=number)
        assert holds(parameter, side, drawn["x"])


def test_every_level_in_a_side_is_drawn_about_as_often() -> None:
    space = Space({"x": Range(low=1, high=9, type=Kind.INT), "y": Choice(values=list("abcdef"), ordered=False)})
    made = {
        "x": side_of(space.varying["x"], [3, 6]),
        "y": side_of(space.varying["y"], ["e", "b"]),
    }
    drawn = [box.draw(space, made, seed=0, number=number) for number in range(1000)]
    expected: dict[str, list[Any]] = {"x": [3, 4, 5, 6], "y": ["b", "e"]}
    for name, levels in expected.items():
        counts = [sum(hparams[name] == level for hparams in drawn) for level in levels]
        assert sum(counts) == 1000
        assert min(counts) > 0.8 * 1000 / len(levels)


def test_a_parameter_that_is_not_active_does_not_shift_the_numbers_of_the_others() -> None:
    parts = {"kind": Choice(values=["a", "b"]), "z": Range(low=0.0, high=1.0)}
    always, sometimes = (
        Space({"x": Range(low=0.0, high=1.0, when={"kind": kinds}), **parts}) for kinds in (["a", "b"], ["a"])
    )
    pairs = [[box.draw(s, box.whole(s), seed=0, number=number) for s in (always, sometimes)] for number in range(20)]
    assert {other["kind"] for _, other in pairs} == {"a", "b"}
    for one, other in pairs:
        assert other == {name: value for name, value in one.items() if name != "x" or one["kind"] == "a"}
