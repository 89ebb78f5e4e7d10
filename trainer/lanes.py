"""Features of many networks side by side in one row, so that what is done to each feature alone is done to all at once.

Notation: groups of networks; K networks of D features in a group; B examples; W columns in all.
A row (1, B, W) has a lane for every network. Lanes begin on a cache line, so a few columns between them belong to
nobody: they hold what the row was made with, and nothing reads them.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from trainer.architecture import Architecture
from trainer.arrays import Array

Number = TypeVar("Number", bound=np.number[Any])
LINE_COLUMNS = 16
"""Columns in a cache line of 64 bytes, as float32."""


def padded(features: int) -> int:
    """The columns of a lane: whole cache lines."""
    return -(-features // LINE_COLUMNS) * LINE_COLUMNS


class Lanes:
    """Which columns belong to whom, for groups of the given (K, D)."""

    def __init__(self, shapes: Sequence[tuple[int, int]]) -> None:
        self._shapes = tuple(shapes)
        self._widths = [padded(features) for _, features in shapes]
        sizes = [networks * width for (networks, _), width in zip(shapes, self._widths, strict=True)]
        self._starts = [sum(sizes[:number]) for number in range(len(sizes))]
        self.n_columns = sum(sizes)

    def row(self, n_examples: int, dtype: DTypeLike, *, filled_with: float = 0) -> Array:
        """(1, B, W), new."""
        return np.full((1, n_examples, self.n_columns), filled_with, dtype)

    def parts(self, row: NDArray[Number]) -> list[NDArray[Number]]:
        """The lanes of each group, (K, B, D), sharing the memory of a row (1, B, W)."""
        return [
            row[0, :, start : start + networks * width]
            .reshape(row.shape[1], networks, width)[:, :, :features]
            .swapaxes(0, 1)
            for (networks, features), width, start in zip(self._shapes, self._widths, self._starts, strict=True)
        ]


def lanes_of(groups: Sequence[tuple[Architecture, int]]) -> list[Lanes]:
    """Those of every hidden layer."""
    deepest = max(len(architecture.hidden) for architecture, _ in groups)
    return [
        Lanes([(size, architecture.hidden[n]) for architecture, size in groups if len(architecture.hidden) > n])
        for n in range(deepest)
    ]
