"""What the results say of the space itself: the best lie at an end of a range, so better ones may lie beyond it."""

from collections.abc import Sequence

from caviar.parameters import Range
from service.samplers.cube import Array, Cube

FEWEST_RESULTS = 20
BEST = 8
MOST_OF = 6
"""So many of the best lie at an end before we speak."""
AT_THE_END = 0.08
WIDEST_END = 0.25
"""An end is one level at least; one that is wider than this, of an int with few levels, says nothing."""


def hints(cube: Cube, best_positions: Array, *, seen: int) -> Sequence[str]:
    """A sentence for each such parameter; `best_positions` (N, P), the best first."""
    if seen < FEWEST_RESULTS:
        return []
    best = best_positions[:BEST]
    found = []
    for column, (name, axis) in enumerate(zip(cube.names, cube.axes, strict=True)):
        if isinstance(axis.parameter, Range):
            at = best[:, column]
            lower, upper = (AT_THE_END, 1.0 - AT_THE_END) if axis.levels is None else axis.edges[[1, -2]]
            lower, upper = max(lower, AT_THE_END), min(upper, 1.0 - AT_THE_END)
            for end, width, near in (("lower", lower, at <= lower), ("upper", 1.0 - upper, at >= upper)):
                if near.sum() >= MOST_OF and width <= WIDEST_END:
                    found.append(f"{name}: the best lie at its {end} end; widen the range?")
    return found
