"""The points of a finite space: counted exactly, numbered without a gap, never listed."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caviar.parameters import Choice, Kind, Range, Varying
from caviar.space import Hyperparameters, Space
from tests.caviar.spaces import few_levels, spaces


def listed(space: Space) -> list[Hyperparameters]:
    """Every point once, by trying all combinations of all values."""
    axes = {name: parameter.in_order or () for name, parameter in space.varying.items()}
    found = {}
    for values in product(*axes.values()):
        at = dict(zip(axes, values, strict=True))

        def value(name: str, parameter: Varying, at: dict[str, Any] = at) -> Any:
            return at[name]

        point = space.assemble(value)
        found[space.key(point)] = point
    return list(found.values())


@settings(max_examples=200)
@given(spaces(few_levels()))
def test_all_indices_together_give_every_point_once(space: Space) -> None:
    every = listed(space)
    assert space.points == len(every)
    numbered = [space.point_at(index) for index in range(len(every))]
    assert {space.key(point) for point in numbered} == {space.key(point) for point in every}
    for point in numbered[:20]:
        assert space.fit(point) == (point, [])
        assert list(point) == [name for name in space.parameters if name in point]


@given(spaces(), st.data())
def test_a_point_of_any_index_fits_its_space(space: Space, data: st.DataObject) -> None:
    if space.points:
        point = space.point_at(data.draw(st.integers(0, space.points - 1)))
        assert space.fit(point) == (point, [])


def test_a_continuous_range_makes_a_space_infinite_if_it_can_be_active() -> None:
    x = Range(low=0, high=1, when={"b": "on"})
    b = Choice(values=["on", "off"], when={"a": 1})
    assert Space({"x": x, "b": b, "a": Choice(values=[1, 2])}).points is None
    never = Choice(values=["on", "off"], when={"a": 1, "c": 2})
    same = Choice(values=[2, 3], when={"a": 2})
    assert Space({"x": x, "b": never, "a": Choice(values=[1, 2]), "c": same}).points == 1 + 2
    assert Space({"x": Range(low=0, high=1)}).points is None
    with pytest.raises(ValueError, match="cannot be counted"):
        Space({"x": Range(low=0, high=1)}).point_at(0)


def test_a_space_without_a_choice_has_one_point() -> None:
    space = Space({"epochs": 20, "optimizer": Choice(values=["adam"])})
    assert space.points == 1
    assert space.point_at(0) == {"epochs": 20, "optimizer": "adam"}


@pytest.mark.parametrize("index", [-1, 6])
def test_an_index_outside_is_refused(index: int) -> None:
    with pytest.raises(IndexError, match="among 6"):
        Space({"a": Choice(values=[1, 2]), "b": Choice(values=[1, 2, 3])}).point_at(index)


def test_a_constant_that_is_asked_about_counts_as_what_it_is() -> None:
    space = Space({"a": Choice(values=[1, 2], when={"optimizer": "adam"}), "optimizer": "adam"})
    assert space.points == 2


def test_more_points_than_could_ever_be_listed_are_counted() -> None:
    seeds = {f"seed_{i}": Range(low=0, high=2**32 - 1, type=Kind.INT) for i in range(10)}
    space = Space({**seeds, "x": Choice(values=["a", "b"], when={"seed_0": [7, 9]})})
    assert space.points == 2**320 + 2 * 2**288
    last = space.point_at(2**320 + 2 * 2**288 - 1)
    assert space.fit(last) == (last, [])


def test_hundreds_of_conditions_are_counted() -> None:
    """A pair is 3 points: off, or on with two ways. A chain of n links, each behind the one before, ends in n + 1."""
    flags = {f"flag_{i}": Choice(values=["on", "off"]) for i in range(400)}
    ways = {f"way_{i}": Choice(values=[1, 2], when={f"flag_{i}": "on"}) for i in range(400)}
    assert Space({**ways, **flags}).points == 3**400
    links = {f"link_{i}": Choice(values=["on", "off"], when={f"link_{i - 1}": "on"}) for i in range(1, 300)}
    assert Space({**links, "link_0": Choice(values=["on", "off"])}).points == 301
    both = {f"both_{i}": Choice(values=[1, 2], when={f"flag_{i}": "on", f"flag_{i + 1}": "on"}) for i in range(399)}
    assert Space({**both, **flags}).points is not None


def test_conditions_that_cross_too_often_are_not_followed_for_ever() -> None:
    flags = {f"flag_{i}": Choice(values=["on", "off"]) for i in range(40)}
    crossed = {
        f"x_{i}_{j}": Choice(values=[1, 2], when={f"flag_{i}": "on", f"flag_{j}": "on"})
        for i in range(40)
        for j in range(i)
    }
    assert Space({**flags, **crossed}).points is None


def test_points_with_the_same_key_are_the_same() -> None:
    space = Space({"a": Choice(values=[1, True, "1"]), "b": Choice(values=[[1, 2], 2]), "c": 3})
    assert space.key({"a": 1, "b": 2}) == space.key({"b": 2.0, "a": 1.0, "c": 3})
    keys = {space.key(space.point_at(index)) for index in range(6)}
    assert len(keys) == 6
