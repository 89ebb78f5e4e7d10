"""Points that a round might try: some from the whole cube, the others in and around a box.

Notation: M candidates, P parameters; positions (M, P) as in cube.py.
"""

import numpy as np

from service.samplers.box import WHOLE, Box
from service.samplers.cube import Array, Axis, Cube
from service.samplers.streams import Purpose, uniform_array

MOVES = 0.5
"""The chance that a parameter leaves the centre's value: with many parameters, or with choices, a point that differs
from a good one in everything is seldom good."""
CHOICE_MOVES = 0.3
"""The least such chance of an unordered choice, which has no near values to move to."""


def anywhere(cube: Cube, count: int, *, seed: int, number: int) -> Array:
    """Uniform in the whole cube, (count, P), snapped."""
    drawn = uniform_array(count * cube.dimensions, seed=seed, number=number, purpose=Purpose.CANDIDATES)
    return cube.snapped(drawn.reshape(count, cube.dimensions))


def around(cube: Cube, centre: Array, sides: Array, count: int, *, seed: int, number: int) -> Array:
    """In the box with these sides (P, 2), each parameter moved from the centre (P,) or left there, (count, P), snapped.

    At least one parameter moves. An unordered choice has no side: where it moves it takes any of its values. A
    parameter that is not active at the centre has no value to be left at.
    """
    dimensions = cube.dimensions
    drawn = uniform_array(count * (2 * dimensions + 1), seed=seed, number=number, purpose=Purpose.NEIGHBOURS)
    drawn = drawn.reshape(count, 2 * dimensions + 1)
    low, high = sides[:, 0], sides[:, 1]
    moved = np.where(cube.is_unordered, drawn[:, :dimensions], low + drawn[:, :dimensions] * (high - low))
    chance = np.where(cube.is_unordered, np.maximum(CHOICE_MOVES, high - low), MOVES)
    chance[~cube.is_active(centre[None])[0]] = 1.0
    moves = drawn[:, dimensions:-1] < chance
    stuck = np.flatnonzero(~moves.any(1))
    moves[stuck, (drawn[stuck, -1] * dimensions).astype(int)] = True
    return cube.snapped(np.where(moves, moved, centre))


def sides_around(cube: Cube, centre: Array, shares: Array) -> Array:
    """The box of these widths (P,) around the centre, shifted where it would leave the cube, (P, 2).

    What is not active at the centre has the whole range.
    """
    least = np.array([axis.least_width for axis in cube.axes])
    widths = np.where(cube.is_active(centre[None])[0], np.minimum(np.maximum(shares, least), 1.0), 1.0)
    low = np.clip(centre - widths / 2, 0.0, 1.0 - widths)
    return np.stack([low, low + widths], axis=1)


def box_of(cube: Cube, sides: Array) -> Box:
    """The box as people are shown it: whole levels, and every value of an unordered choice."""
    return {
        name: WHOLE if axis.is_unordered else [_whole_levels(axis, float(low), float(high))]
        for name, axis, (low, high) in zip(cube.names, cube.axes, sides, strict=True)
    }


def _whole_levels(axis: Axis, low: float, high: float) -> tuple[float, float]:
    if axis.levels is None:
        return low, high
    first, last = axis.level(np.array([low, high]))
    return float(axis.edges[first]), float(axis.edges[last + 1])
