"""The cube: positions, values and activity of many points at once agree with each parameter's own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caviar.space import Space
from service.samplers import box
from service.samplers.cube import INACTIVE, Cube
from tests.caviar.spaces import spaces
from tests.service.samplers.play import a_space

SPACE = a_space(
    rate={"low": 1e-4, "high": 1.0, "scale": "log"},
    units={"low": 10, "high": 100, "type": "int", "scale": "log"},
    size={"values": [512, 64, 256, 128]},
    kind={"values": ["a", "b", "c"]},
    depth={"low": 0.0, "high": 1.0, "when": {"kind": ["a", "b"]}},
    deeper={"low": 1, "high": 3, "type": "int", "when": {"kind": "b"}},
    epochs=20,
)


@settings(max_examples=60)
@given(spaces(), st.integers(0, 2**53 - 1))
def test_a_point_and_its_position_are_inverse(space: Space, seed: int) -> None:
    cube = Cube(space)
    points = [box.draw(space, box.whole(space), seed=seed, number=n) for n in range(8)]
    positions = cube.positions(points)
    assert positions.shape == (8, cube.dimensions)
    for point, position in zip(points, positions, strict=True):
        again = cube.hyperparameters(position)
        assert list(again) == list(point)
        for name, value in point.items():
            is_float = isinstance(value, float) and space.varying[name].levels is None
            assert again[name] == (
                pytest.approx(value, rel=1e-6, abs=1e-9 * abs(value) + 1e-300) if is_float else value
            )


@settings(max_examples=60)
@given(spaces(), st.integers(0, 2**53 - 1))
def test_positions_are_the_middles_of_each_parameters_own_cells(space: Space, seed: int) -> None:
    cube = Cube(space)
    points = [box.draw(space, box.whole(space), seed=seed, number=n) for n in range(8)]
    positions = cube.positions(points)
    for row, point in enumerate(points):
        for column, name in enumerate(cube.names):
            expected = sum(space.varying[name].cell(point[name])) / 2 if name in point else INACTIVE
            assert positions[row, column] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60)
@given(spaces(), st.integers(0, 2**32))
def test_snapping_keeps_the_point_and_gives_it_one_position(space: Space, seed: int) -> None:
    cube = Cube(space)
    anywhere = np.random.default_rng(seed).random((8, cube.dimensions))
    snapped = cube.snapped(anywhere)
    assert (cube.snapped(snapped) == snapped).all()
    for before, position in zip(anywhere, snapped, strict=True):
        hparams = cube.hyperparameters(position)
        assert hparams == cube.hyperparameters(before)
        assert space.fit(hparams) == (hparams, [])


@settings(max_examples=60)
@given(spaces(), st.integers(0, 2**32))
def test_a_parameter_is_active_where_the_space_says_so(space: Space, seed: int) -> None:
    cube = Cube(space)
    positions = cube.snapped(np.random.default_rng(seed).random((8, cube.dimensions)))
    active = cube.is_active(positions)
    for position, flags in zip(positions, active, strict=True):
        hparams = cube.hyperparameters(position)
        assert [name for name, flag in zip(cube.names, flags, strict=True) if flag] == [
            name for name in cube.names if name in hparams
        ]


def test_two_values_of_an_unordered_choice_are_at_distance_one_and_none_is_nearer() -> None:
    space = a_space(kind={"values": ["a", "b", "c", "d"]})
    features = Cube(space).features(Cube(space).positions([{"kind": kind} for kind in "abcd"]))
    distances = np.linalg.norm(features[:, None] - features[None], axis=2)
    assert distances == pytest.approx(1 - np.eye(4))


def test_what_is_not_active_adds_no_distance() -> None:
    cube = Cube(SPACE)
    base = {"rate": 0.01, "units": 20, "size": 64, "kind": "c"}
    positions = np.repeat(cube.positions([base]), 2, axis=0)
    positions[:, cube.names.index("depth")] = [0.1, 0.9]
    features = cube.features(positions)
    assert (features[0] == features[1]).all()
    assert features.shape[1] == len(cube.owners) == 4 + 3 + 1
    assert [cube.names[owner] for owner in cube.owners] == [
        "rate", "units", "size", "kind", "kind", "kind", "depth", "deeper",
    ]  # fmt: skip


def test_a_choice_of_very_many_values_has_levels_and_a_range_of_as_many_is_a_continuum() -> None:
    cube = Cube(a_space(word={"values": [f"w{n}" for n in range(1500)]}, units={"low": 1, "high": 1500, "type": "int"}))
    points = [{"word": "w7", "units": 3}, {"word": "w1499", "units": 1500}]
    assert [axis.levels for axis in cube.axes] == [1500, None]
    assert [cube.hyperparameters(position) for position in cube.positions(points)] == points


def test_a_space_of_constants_has_no_dimension() -> None:
    cube = Cube(a_space(epochs=20))
    positions = cube.positions([{"epochs": 20}])
    assert (positions.shape, cube.features(positions).shape, cube.snapped(positions).shape) == ((1, 0), (1, 0), (1, 0))
    assert cube.hyperparameters(positions[0]) == {"epochs": 20}
