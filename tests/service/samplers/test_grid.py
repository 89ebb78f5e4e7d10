"""Grid search: which points there are, each once, and everywhere from the beginning."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from caviar.errors import FieldError
from caviar.space import Hyperparameters, Space
from service.samplers.grid import GridSampler
from tests.caviar.spaces import a_space, few_levels, spaces

GRID = GridSampler()
SHAPES = [
    (21, 3),
    (5, 6, 5, 3),
    (16, 10),
    (8, 4, 6, 21),
    (21, 2, 16, 5),
    (6, 5, 89, 13, 2, 6),
    (55, 16, 8, 55, 4),
    (10, 10),
]


def trials(space: Space, count: int, *, seed: int = 0) -> list[Hyperparameters]:
    return [GRID.draw(space, seed=seed, place=place) for place in range(count)]


def test_a_range_takes_its_steps_evenly_on_its_own_scale_and_both_ends_exactly() -> None:
    space = a_space(
        linear={"low": -1, "high": 1, "steps": 5},
        log={"low": 1e-4, "high": 1.0, "scale": "log", "steps": 5},
        reverse_log={"low": 0.9, "high": 0.999, "scale": "reverse_log", "steps": 3},
        ends={"low": 0.1, "high": 0.7, "scale": "log", "steps": 2},
    )
    assert GRID.points(space) == 5 * 5 * 3 * 2
    drawn = trials(space, 150)
    assert sorted({hparams["linear"] for hparams in drawn}) == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert sorted({hparams["log"] for hparams in drawn}) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1.0], rel=1e-12)
    assert sorted({hparams["reverse_log"] for hparams in drawn}) == pytest.approx([0.9, 0.99, 0.999], rel=1e-12)
    assert {hparams["ends"] for hparams in drawn} == {0.1, 0.7}
    assert {type(hparams["linear"]) for hparams in drawn} == {float}


@pytest.mark.parametrize(
    ("range_", "values"),
    [
        ({"low": 1, "high": 7, "steps": 3}, [1, 4, 7]),
        ({"low": 1, "high": 100, "scale": "log", "steps": 3}, [1, 10, 100]),
        ({"low": 1, "high": 3, "steps": 50}, [1, 2, 3]),
        ({"low": 1, "high": 4}, [1, 2, 3, 4]),
    ],
)
def test_an_integer_takes_different_whole_numbers(range_: dict[str, object], values: list[int]) -> None:
    space = a_space(n={**range_, "type": "int"})
    assert GRID.points(space) == len(values)
    drawn = [hparams["n"] for hparams in trials(space, len(values))]
    assert sorted(drawn) == values
    assert {type(value) for value in drawn} == {int}


def test_a_continuous_range_without_steps_is_refused_by_name() -> None:
    space = a_space(learning_rate={"low": 1e-4, "high": 1.0, "scale": "log"}, n={"low": 0, "high": 9, "type": "int"})
    assert GRID.problems(space) == [
        FieldError("/space/learning_rate", "learning_rate is continuous; the grid needs steps, such as steps: 5")
    ]
    assert GRID.problems(a_space(learning_rate={"low": 1e-4, "high": 1.0, "steps": 5})) == []


@settings(max_examples=30)
@given(spaces(few_levels()), st.integers(0, 2**53 - 1))
def test_every_point_comes_once_and_then_the_walk_begins_again(space: Space, seed: int) -> None:
    assert GRID.problems(space) == []
    count = GRID.points(space)
    assert count is not None
    assert count == space.points
    assume(count <= 500)
    drawn = trials(space, count, seed=seed)
    assert len({space.key(hparams) for hparams in drawn}) == count
    assert all(space.fit(hparams) == (hparams, []) for hparams in drawn)
    assert GRID.draw(space, seed=seed, place=count) == drawn[0]


def test_a_step_may_be_what_another_parameter_waits_for() -> None:
    space = a_space(
        layers={"low": 1, "high": 9, "type": "int", "steps": 3},
        keep_prob={"low": 0.5, "high": 1.0, "steps": 4, "when": {"layers": [5, 6]}},
    )
    drawn = trials(space, 1 + 4 + 1)
    assert GRID.points(space) == 6
    assert sorted(hparams["layers"] for hparams in drawn) == [1, 5, 5, 5, 5, 9]
    assert len({hparams["keep_prob"] for hparams in drawn if hparams["layers"] == 5}) == 4


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_beginning_of_the_walk_has_each_value_about_equally_often(shape: tuple[int, ...]) -> None:
    """Points picked at random are off by 8 on average."""
    space = a_space(**{f"p{i}": {"low": 0, "high": width - 1, "type": "int"} for i, width in enumerate(shape)})
    drawn = trials(space, min(128, GRID.points(space) or 0))
    for i, width in enumerate(shape):
        seen = [0] * width
        for count, hparams in enumerate(drawn, start=1):
            seen[hparams[f"p{i}"]] += 1
            assert max(abs(times - count / width) for times in seen) < 4


def test_the_seed_decides_where_the_walk_begins() -> None:
    space = a_space(**{f"p{i}": {"low": 0, "high": 9, "type": "int"} for i in range(3)})
    firsts = {space.key(GRID.draw(space, seed=seed, place=0)) for seed in range(50)}
    assert len(firsts) > 40


def test_a_grid_of_more_points_than_anybody_can_try_is_walked_all_the_same() -> None:
    space = a_space(**{f"p{i:02}": {"low": 0, "high": 1, "steps": 1000} for i in range(30)})
    assert GRID.points(space) == 1000**30
    assert len({space.key(hparams) for hparams in trials(space, 50, seed=2**53 - 1)}) == 50
