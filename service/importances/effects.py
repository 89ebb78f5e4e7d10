"""The effect of one parameter as a sum of columns: what a linear model can fit, and how much a fit of it varies.

Notation: N trials, M columns, theta (M,) their coefficients.
design (N, M): the effect in trial i is design[i] @ theta, with mean 0 over the trials.
spread (M, M): theta @ spread @ theta is the variance of the effect where the parameter is drawn from its whole range,
uniformly on its scale; not where the trials happen to lie.

What is ordered is a walk: theta are its steps from level to level, or from knot to knot of a broken line, so that
small coefficients are a flat effect. What is not has a coefficient per value.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caviar.parameters import Choice, Kind, Range, Varying, key
from caviar.scales import Scale

Array = NDArray[np.float64]

_EVERYWHERE = (np.arange(240) + 0.5) / 240
"""Positions that stand for the whole range."""


@dataclass(frozen=True)
class Effect:
    design: Array
    spread: Array


def effect(parameter: Varying, values: Sequence[Any], *, columns: int) -> Effect:
    """Of a parameter with at least two levels, in trials in which it has these values; at most `columns` wide."""
    levels = parameter.levels
    is_ordered = isinstance(parameter, Range) or parameter.is_ordered
    if levels is not None and levels <= columns:
        table = _steps(levels) if is_ordered else np.eye(levels)
        widths = [end - start for start, end in map(parameter.cell, parameter.in_order or ())]
        return _effect(table[_indices(parameter, values)], table, np.array(widths))
    if is_ordered:
        everywhere = _broken_line(_EVERYWHERE, columns)
        shares = np.full(len(_EVERYWHERE), 1 / len(_EVERYWHERE))
        return _effect(_broken_line(positions(parameter, values), columns), everywhere, shares)
    return _of_many(_indices(parameter, values), levels=levels or 0, columns=columns)


def _effect(rows: Array, everywhere: Array, shares: Array) -> Effect:
    """`everywhere` has a row for each part of the range, `shares` (summing to 1) how much of the range it is."""
    off_centre = everywhere - shares @ everywhere
    return Effect(rows - rows.mean(axis=0), off_centre.T @ (shares[:, None] * off_centre))


def _of_many(at: NDArray[np.int64], *, levels: int, columns: int) -> Effect:
    """A choice of more values than columns: the rarer ones share the last."""
    frequent = [index for index, _ in Counter(at.tolist()).most_common(columns - 1)]
    column = np.full(levels, columns - 1)
    column[frequent] = np.arange(len(frequent))
    table = np.eye(columns)[column]
    return _effect(table[at], table, np.full(levels, 1 / levels))


def _steps(levels: int) -> Array:
    """(levels, levels - 1): level l is the sum of the first l steps; scaled so that few levels walk as far as many."""
    table: Array = np.tri(levels, levels - 1, -1) / np.sqrt(levels - 1)
    return table


def _broken_line(u: Array, columns: int) -> Array:
    """(len(u), columns): the walk over columns + 1 knots, evenly spaced, and straight between them."""
    along = u * columns
    rows: Array = np.clip(along[:, None] - np.arange(columns), 0.0, 1.0) / np.sqrt(columns)
    return rows


def positions(parameter: Varying, values: Sequence[Any]) -> Array:
    """Where the values lie in the unit interval: the middle of each one's cell."""
    if isinstance(parameter, Choice):
        return (_indices(parameter, values) + 0.5) / parameter.levels
    half = 0.5 if parameter.type is Kind.INT else 0.0
    ends = _warped(np.array([parameter.low - half, parameter.high + half], dtype=float), parameter.scale)
    x = np.array(values, dtype=float)
    below, above = (
        _warped(np.maximum(x - half, parameter.low - half), parameter.scale),
        _warped(x + half, parameter.scale),
    )
    middle = (np.clip(below, *ends) + np.clip(above, *ends)) / 2
    width = ends[1] - ends[0]
    return (middle - ends[0]) / width if width > 0 else np.zeros(len(x))


def _warped(x: Array, scale: Scale) -> Array:
    if scale is Scale.LOG:
        return np.log10(x)
    return -np.log10(1.0 - x) if scale is Scale.REVERSE_LOG else x


def _indices(parameter: Varying, values: Sequence[Any]) -> NDArray[np.int64]:
    if isinstance(parameter, Range):
        return np.array(values, dtype=np.int64) - int(parameter.low)
    index = {key(value): i for i, value in enumerate(parameter.in_order)}
    return np.array([index[key(value)] for value in values], dtype=np.int64)
