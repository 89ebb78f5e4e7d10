"""Grid search: every combination of a few values of each parameter, each once.

The values of a range are its `steps`, evenly spaced on its own scale; without steps an integer has all its values, as
a choice has. The grid is walked in strides near a fraction of it that no small whole number divides, so that a search
that ends early has looked everywhere: like the fractional parts of n times the golden ratio (Knuth, The Art of
Computer Programming 3, section 6.4), which always fall into one of the largest gaps.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from math import gcd, isqrt
from typing import Any

from caviar.errors import FieldError
from caviar.lattice import Lattice
from caviar.parameters import Choice, Kind, Range, key
from caviar.scales import from_unit
from caviar.space import Hyperparameters, Space
from caviar.validation import pointer
from service.samplers.streams import Purpose, words

_IRRATIONALS = (5, 2, 3, 7, 11, 13, 19, 23, 29, 31, 43, 47, 53, 61, 71, 89)
"""The fractional parts of these numbers' roots are tried; the root of 5 has the golden ratio's fraction, doubled."""
_LOOK_AHEAD = 12
"""So many steps may not lead back to where the walk has been."""


class GridSampler:
    reason = "the grid holds every combination of the parameters' steps"

    def problems(self, space: Space) -> list[FieldError]:
        """A continuous range without steps has no grid; nor have conditions that cannot be followed."""
        found = [
            FieldError(pointer(("space", name)), f"{name} is continuous; the grid needs steps, such as steps: 5")
            for name, parameter in space.varying.items()
            if isinstance(parameter, Range) and parameter.type is Kind.FLOAT and parameter.steps is None
        ]
        if not found and stepped(space).lattice is None:
            found = [FieldError("/space", "the conditions cross one another too often for a grid; use sampler: random")]
        return found

    def points(self, space: Space) -> int | None:
        return stepped(space).points

    def draw(self, space: Space, *, seed: int, place: int) -> Hyperparameters:
        return walk(stepped(space), seed=seed, place=place)


def walk(space: Space, *, seed: int, place: int) -> Hyperparameters:
    """Places from 0 to `points` - 1 give every point of a finite space once; after them the walk begins again."""
    assert space.lattice is not None, "problems() refuses a space without a grid"
    size = space.lattice.size
    start = words(1, seed=seed, number=0, purpose=Purpose.GRID)[0] % size
    return space.point_at((start + place * stride(space.lattice)) % size)


def stepped(space: Space) -> Space:
    """The same space with each range that has steps as the choice of them."""
    return Space({name: _as_choice(parameter) for name, parameter in space.parameters.items()})


def _as_choice(parameter: Any) -> Any:
    if isinstance(parameter, Range) and parameter.steps is not None:
        return Choice(values=list(_steps(parameter, parameter.steps)), when=parameter.when)
    return parameter


def _steps(range_: Range, count: int) -> Iterator[float | int]:
    """Different values, both ends exactly as the spec has them; an integer range may have fewer than `count`."""
    low, high = float(range_.low), float(range_.high)
    inner = (from_unit(i / (count - 1), low=low, high=high, scale=range_.scale) for i in range(1, count - 1))
    values = [range_.canonical(value) for value in (range_.low, *map(_rounded(range_), inner), range_.high)]
    yield from {key(value): value for value in values}.values()


def _rounded(range_: Range) -> Callable[[float], float]:
    return round if range_.type is Kind.INT else float


def stride(lattice: Lattice) -> int:
    """How far it is from one point of the walk to the next: shares no factor with the number of points."""
    cycles, cycle = [], lattice.size
    for width in lattice.widths:
        if width > 1:
            cycles.append((cycle, width))
        cycle = max(cycle // width, 1)
    return _stride(lattice.size, tuple(cycles))


@lru_cache(maxsize=64)
def _stride(size: int, cycles: tuple[tuple[int, int], ...]) -> int:
    """The stride that suits every parameter. A cycle: after how many points a parameter's values come again; its width.

    Conditions make the cycles of what they rule uneven; then this is a good guess.
    """
    strides = [_without_common_factor(isqrt(number * size * size) % size, size) for number in _IRRATIONALS]
    return max(strides, key=lambda step: min((_evenness(step, *cycle) for cycle in cycles), default=0.0))


def _without_common_factor(step: int, size: int) -> int:
    while gcd(step, size) > 1:
        step += 1
    return step


def _evenness(step: int, cycle: int, width: int) -> float:
    """How far multiples of the step stay from whole cycles: min q * |q * step / cycle - nearest integer| over few q."""
    return min(q * min(q * step % cycle, -q * step % cycle) / cycle for q in range(1, min(width, _LOOK_AHEAD + 1)))
