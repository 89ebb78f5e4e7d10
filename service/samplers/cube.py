"""A space as a cube: hyperparameters as positions in [0, 1) and back, many at once.

Notation: N points, P varying parameters in the order of `space.varying`.
positions (N, P): the middle of the value's cell, or the point itself for a continuum; of a parameter that is not
active, any position.
features (N, F): what distances are measured in. A column for a range or an ordered choice; a column for each value of
an unordered choice, so that two different values are at distance 1 and none is nearer than another.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caviar.parameters import Choice, Kind, Range, Varying, key
from caviar.scales import Scale
from caviar.space import Hyperparameters, Space

Array = NDArray[np.float64]
MOST_LEVELS = 1024
"""An int range with more levels is a continuum to a sampler."""
INACTIVE = 0.5
"""The feature of a parameter that is not active: the same for all, so that it adds no distance."""


class Axis:
    """One varying parameter."""

    def __init__(self, parameter: Varying) -> None:
        self.parameter = parameter
        is_continuum = isinstance(parameter, Range) and (parameter.levels is None or parameter.levels > MOST_LEVELS)
        self.levels = None if is_continuum else parameter.levels
        self.is_unordered = isinstance(parameter, Choice) and not parameter.is_ordered

    @cached_property
    def edges(self) -> Array:
        """The ends of the levels' cells, (levels + 1,)."""
        assert self.levels is not None
        if isinstance(self.parameter, Choice):
            return np.arange(self.levels + 1) / self.levels
        return _units(self.parameter, int(self.parameter.low) - 0.5 + np.arange(self.levels + 1, dtype=float))

    @cached_property
    def middles(self) -> Array:
        return (self.edges[:-1] + self.edges[1:]) / 2

    @cached_property
    def least_width(self) -> float:
        """The width of a box below which it would hold a single level."""
        return 0.0 if self.levels is None else min(1.5 / self.levels, 1.0)

    def positions(self, values: Sequence[Any]) -> Array:
        """The middles of the values' cells, (N,)."""
        if isinstance(self.parameter, Choice):
            level = {key(value): i for i, value in enumerate(self.parameter.in_order)}
            return self.middles[[level[key(value)] for value in values]]
        x = np.asarray(values, float)
        if self.parameter.type is Kind.FLOAT:
            return _units(self.parameter, x)
        return (_units(self.parameter, x - 0.5) + _units(self.parameter, x + 0.5)) / 2

    def level(self, positions: Array) -> NDArray[np.intp]:
        assert self.levels is not None
        return np.clip(np.searchsorted(self.edges, positions, side="right") - 1, 0, self.levels - 1)

    def snapped(self, positions: Array) -> Array:
        """Each position moved to the middle of its level."""
        return positions if self.levels is None else self.middles[self.level(positions)]

    def features(self, positions: Array) -> Array:
        """(N, 1), or (N, levels) for an unordered choice."""
        if not self.is_unordered or self.levels is None:
            return positions[:, None]
        is_level: Array = (self.level(positions)[:, None] == np.arange(self.levels)).astype(float)
        return is_level * float(np.sqrt(0.5))


class Cube:
    """Of one space."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.names = list(space.varying)
        self.axes = [Axis(parameter) for parameter in space.varying.values()]

    @property
    def dimensions(self) -> int:
        return len(self.axes)

    @cached_property
    def owners(self) -> NDArray[np.intp]:
        """The parameter of each feature, (F,)."""
        widths = [axis.levels if axis.is_unordered and axis.levels else 1 for axis in self.axes]
        return np.repeat(np.arange(self.dimensions), widths)

    @cached_property
    def is_unordered(self) -> NDArray[np.bool_]:
        return np.array([axis.is_unordered for axis in self.axes], bool)

    def positions(self, points: Sequence[Mapping[str, Any]]) -> Array:
        """(N, P); 0.5 for a parameter that is not there."""
        found = np.full((len(points), self.dimensions), INACTIVE)
        for column, (name, axis) in enumerate(zip(self.names, self.axes, strict=True)):
            rows = [row for row, point in enumerate(points) if name in point]
            if rows:
                found[rows, column] = axis.positions([points[row][name] for row in rows])
        return found

    def snapped(self, positions: Array) -> Array:
        columns = [axis.snapped(positions[:, i]) for i, axis in enumerate(self.axes)]
        return np.stack(columns, axis=1) if columns else positions

    def is_active(self, positions: Array) -> NDArray[np.bool_]:
        """(N, P): which parameters are active at each point."""
        active: dict[str, NDArray[np.bool_]] = {}
        column = {name: i for i, name in enumerate(self.names)}
        for name in self.space.order:
            active[name] = np.ones(len(positions), bool)
            for asked, wanted in self.space.conditions(name).items():
                active[name] &= active[asked]
                if asked in column:
                    active[name] &= _is_any(self.axes[column[asked]], positions[:, column[asked]], wanted)
        return np.stack([active[name] for name in self.names], axis=1) if self.names else np.ones(positions.shape, bool)

    def features(self, positions: Array) -> Array:
        """(N, F) of snapped positions."""
        active = self.is_active(positions)
        seen = [
            np.where(active[:, i : i + 1], axis.features(positions[:, i]), 0.0 if axis.is_unordered else INACTIVE)
            for i, axis in enumerate(self.axes)
        ]
        return np.concatenate(seen, axis=1) if seen else np.zeros((len(positions), 0))

    def hyperparameters(self, position: Array) -> Hyperparameters:
        """The point at one position, (P,)."""
        at = dict(zip(self.names, position.tolist(), strict=True))
        return self.space.assemble(lambda name, parameter: parameter.value_at(at[name]))


def _units(parameter: Range, x: Array) -> Array:
    """`caviar.scales.to_unit` for many values, between the edges of the parameter's first and last cell."""
    half = 0.5 if parameter.type is Kind.INT else 0.0
    start, end = _warped(np.array([parameter.low - half, parameter.high + half], float), parameter.scale)
    if not start < end:  # low and high are so near that the scale cannot tell them apart
        return np.zeros(len(x))
    return np.asarray(np.clip((_warped(x, parameter.scale) - start) / (end - start), 0.0, 1.0))


def _warped(x: Array, scale: Scale) -> Array:
    if scale is Scale.LOG:
        return np.log10(x)
    if scale is Scale.REVERSE_LOG:
        return -np.log10(1.0 - x)
    return x


def _is_any(axis: Axis, positions: Array, wanted: Sequence[Any]) -> NDArray[np.bool_]:
    """Whether each position gives one of these values."""
    cells = [axis.parameter.cell(value) for value in wanted]
    return np.asarray(np.logical_or.reduce([(start <= positions) & (positions < end) for start, end in cells]))
