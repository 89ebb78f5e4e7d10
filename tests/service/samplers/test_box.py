"""Boxes: spanned around values, drawn from, shown to people."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.parameters import Choice, Kind, Range, Varying, key
from caviar.scales import Scale
from caviar.space import Space
from service.samplers import box
from service.samplers.box import Side, span
from tests.caviar.spaces import choices, float_ranges, int_ranges, parameters, positions, spaces

margins = st.floats(0.0, 1.0)
leasts = st.floats(0.0, 1.0)
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


@given(parameters | wide_int_ranges(), several, margins, leasts)
def test_a_side_holds_the_values_it_spans(parameter: Varying, at: list[float], margin: float, least: float) -> None:
    values = [parameter.value_at(u) for u in at]
    side = span(parameter, values, margin=margin, least=least)
    assert all(0.0 <= start <= end <= 1.0 for start, end in side)
    assert side == sorted(side)
    if isinstance(parameter, Range) and parameter.type is Kind.FLOAT:
        near = 1e-6 * (abs(parameter.high) + abs(parameter.low))  # from value to position and back costs digits
        low, high = (float(str(end)) for end in shown(parameter, side).values())
        assert all(low - near <= value <= high + near for value in values)
    else:
        assert all(holds(parameter, side, value) for value in values)


@given(float_ranges(), several, margins, leasts)
def test_a_side_of_a_continuum_is_as_wide_as_its_values_with_their_margin_and_as_the_least(
    parameter: Range, at: list[float], margin: float, least: float
) -> None:
    cells = [parameter.cell(parameter.value_at(u)) for u in at]
    spread = max(cells)[1] - min(cells)[0]
    ((start, end),) = span(parameter, [parameter.value_at(u) for u in at], margin=margin, least=least)
    wanted = max(spread * (1 + 2 * margin), least)
    assert end - start <= min(wanted, 1.0) + 1e-9
    assert end - start >= min(wanted, 1.0) - 1e-9


@given(int_ranges() | wide_int_ranges() | choices(), several, margins, leasts)
def test_sides_of_levels_consist_of_whole_cells(
    parameter: Varying, at: list[float], margin: float, least: float
) -> None:
    side = span(parameter, [parameter.value_at(u) for u in at], margin=margin, least=least)
    described = shown(parameter, side)
    ends = [described["low"], described["high"]] if isinstance(parameter, Range) else described["values"]
    cells = [parameter.cell(value) for value in ends]
    assert (side[0][0], side[-1][1]) == (min(cells)[0], max(cells)[1])


def test_integers_and_ordered_choices_are_widened_by_a_level_at_either_end() -> None:
    whole = Range(low=1, high=9, type=Kind.INT)
    assert shown(whole, span(whole, [5], margin=0.1, least=0.0)) == {"low": 4, "high": 6}
    assert shown(whole, span(whole, [1, 2], margin=0.1, least=0.0)) == {"low": 1, "high": 3}
    sizes = Choice(values=[512, 32, 64, 128, 256])
    assert shown(sizes, span(sizes, [64], margin=0.1, least=0.0)) == {"values": [32, 64, 128]}
    listed = Choice(values=["s", "m", "l", "xl"], ordered=True)
    assert shown(listed, span(listed, ["xl"], margin=0.1, least=0.0)) == {"values": ["l", "xl"]}


@given(choices(), several, margins, leasts)
def test_a_side_of_an_unordered_choice_is_its_values_alone(
    parameter: Choice, at: list[float], margin: float, least: float
) -> None:
    parameter = parameter.model_copy(update={"ordered": False})
    values = [parameter.value_at(u) for u in at]
    described = shown(parameter, span(parameter, values, margin=margin, least=least))
    assert {key(value) for value in described["values"]} == {key(v) for v in values}


def test_a_least_width_at_the_edge_reaches_further_in() -> None:
    parameter = Range(low=0.0, high=1.0)
    assert span(parameter, [0.0], margin=0.0, least=0.25) == [(0.0, 0.25)]
    assert span(parameter, [1.0], margin=0.0, least=0.25) == [(0.75, 1.0)]
    assert span(parameter, [0.5], margin=0.0, least=0.25) == [(0.375, 0.625)]
    assert span(parameter, [0.5], margin=0.0, least=1.0) == [(0.0, 1.0)]


@given(parameters | wide_int_ranges())
def test_the_whole_box_is_shown_as_the_parameter_itself(parameter: Varying) -> None:
    described = shown(parameter, box.WHOLE)
    if isinstance(parameter, Range):
        tiny = 0.0 if parameter.type is Kind.INT else 1e-12 * (parameter.high - parameter.low)
        assert described == pytest.approx({"low": parameter.low, "high": parameter.high}, rel=0.0, abs=tiny)
    else:
        assert described == {"values": parameter.in_order}


@given(parameters | wide_int_ranges(), several, margins, leasts, seeds)
def test_what_is_drawn_from_a_side_lies_in_what_is_shown_of_it(
    parameter: Varying, at: list[float], margin: float, least: float, seed: int
) -> None:
    side = span(parameter, [parameter.value_at(u) for u in at], margin=margin, least=least)
    for number in range(10):
        drawn = box.draw(Space({"x": parameter}), {"x": side}, seed=seed, number=number)
        assert holds(parameter, side, drawn["x"])


@given(spaces(), seeds)
def test_a_box_survives_json(space: Space, seed: int) -> None:
    drawn = [box.draw(space, box.whole(space), seed=seed, number=number) for number in range(4)]
    made = box.whole(space) | {
        name: span(parameter, values, margin=0.1, least=0.1)
        for name, parameter in space.varying.items()
        if (values := [hparams[name] for hparams in drawn if name in hparams])
    }
    restored = box.from_json(json.loads(json.dumps(box.to_json(made), allow_nan=False)))
    assert restored == made
    assert [box.draw(space, restored, seed=seed, number=9)] == [box.draw(space, made, seed=seed, number=9)]


def test_every_level_in_a_side_is_drawn_about_as_often() -> None:
    space = Space({"x": Range(low=1, high=9, type=Kind.INT), "y": Choice(values=list("abcdef"), ordered=False)})
    made = {
        "x": span(space.varying["x"], [4, 5], margin=0.1, least=0.0),
        "y": span(space.varying["y"], ["e", "b"], margin=0.1, least=0.0),
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
