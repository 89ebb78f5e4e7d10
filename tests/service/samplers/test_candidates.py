"""Candidates: in the cube, in the box, and different from its centre in some parameters only."""

import numpy as np
import pytest

from service.samplers.candidates import CHOICE_MOVES, MOVES, anywhere, around, box_of, sides_around
from service.samplers.cube import Cube
from tests.service.samplers.play import a_space

SPACE = a_space(
    rate={"low": 1e-4, "high": 1.0, "scale": "log"},
    beta={"low": 0.9, "high": 0.999, "scale": "reverse_log"},
    units={"low": 1, "high": 20, "type": "int"},
    kind={"values": ["a", "b", "c"]},
    depth={"low": 0.0, "high": 1.0, "when": {"kind": "b"}},
)
CUBE = Cube(SPACE)
CENTRE = CUBE.positions([{"rate": 0.01, "beta": 0.999, "units": 4, "kind": "a"}])[0]
RATE, BETA, UNITS, KIND, DEPTH = range(5)
COUNT = 2000


def near(share: float) -> np.ndarray:
    return around(CUBE, CENTRE, sides_around(CUBE, CENTRE, np.full(5, share)), COUNT, seed=0, number=12)


def test_anywhere_is_uniform_in_the_cube() -> None:
    drawn = anywhere(CUBE, COUNT, seed=0, number=12)
    assert drawn.shape == (COUNT, 5)
    assert (drawn == CUBE.snapped(drawn)).all()
    assert drawn.mean(0) == pytest.approx(np.full(5, 0.5), abs=0.03)
    assert (anywhere(CUBE, 10, seed=0, number=12) == drawn[:10]).all()
    assert (anywhere(CUBE, 10, seed=0, number=13) != drawn[:10]).any()


@pytest.mark.parametrize("share", [0.02, 0.25, 1.0])
def test_around_stays_in_its_box_and_keeps_some_of_the_centre(share: float) -> None:
    drawn, sides = near(share), sides_around(CUBE, CENTRE, np.full(5, share))
    for column in (RATE, BETA):
        assert (sides[column, 0] <= drawn[:, column]).all()
        assert (drawn[:, column] <= sides[column, 1]).all()
        assert (drawn[:, column] != CENTRE[column]).mean() == pytest.approx(MOVES, abs=0.15)
    moved = (drawn[:, KIND] != CENTRE[KIND]).mean()
    assert moved == pytest.approx(max(CHOICE_MOVES, sides[KIND, 1] - sides[KIND, 0]) * 2 / 3, abs=0.05)


def test_a_parameter_that_is_not_active_at_the_centre_is_drawn_from_its_whole_range() -> None:
    drawn = near(0.02)[:, DEPTH]
    assert drawn.mean() == pytest.approx(0.5, abs=0.03)
    assert len(set(drawn)) == COUNT


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 1.0])
def test_a_box_is_as_wide_as_its_share_and_shifted_at_the_borders(share: float) -> None:
    low, high = sides_around(CUBE, CENTRE, np.full(5, share)).T
    assert (low >= 0).all()
    assert (high <= 1).all()
    widths = high - low
    assert widths[[RATE, BETA]] == pytest.approx(np.full(2, share))
    assert widths[UNITS] == pytest.approx(max(share, 1.5 / 20))
    assert widths[DEPTH] == 1
    assert (low[:DEPTH] <= CENTRE[:DEPTH]).all()
    assert (CENTRE[:DEPTH] <= high[:DEPTH]).all()
    assert high[BETA] == pytest.approx(1.0)


def test_the_box_that_is_shown_holds_whole_levels_and_what_was_drawn() -> None:
    sides = sides_around(CUBE, CENTRE, np.full(5, 0.1))
    shown = box_of(CUBE, sides)
    ((low, high),) = shown["units"]
    assert 20 * low == pytest.approx(round(20 * low))
    assert 20 * high == pytest.approx(round(20 * high))
    assert low <= sides[UNITS, 0] < sides[UNITS, 1] <= high
    assert shown["kind"] == [(0.0, 1.0)]
    units = near(0.1)[:, UNITS]
    assert (low < units).all()
    assert (units < high).all()
