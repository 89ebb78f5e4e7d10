"""The arrays of K networks, and how many small ones lie in one flat one.

Notation: K networks, P numbers per network, R rows, C columns.
Every array of numbers has three axes: x (K, B, I), w (K, I, O), b (K, 1, O), a hyperparameter (K, 1, 1). All weights of
a network lie in one row (1, P) of a flat array (K, 1, P), so that an optimizer is a formula over one array.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]
Targets = NDArray[Any]
"""Classes, or numbers to predict."""
Shapes = Mapping[str, tuple[int, int]]
"""Name -> (R, C) of every array within a flat one, in order."""


def flat_size(shapes: Shapes) -> int:
    """P: how many numbers these shapes hold."""
    return sum(rows * columns for rows, columns in shapes.values())


def views(flat: Array, shapes: Shapes) -> dict[str, Array]:
    """Name -> (K, R, C), each sharing the memory of `flat` (K, 1, P)."""
    arrays, start = {}, 0
    for name, (rows, columns) in shapes.items():
        stop = start + rows * columns
        arrays[name] = flat[:, 0, start:stop].reshape(len(flat), rows, columns)
        start = stop
    return arrays


def flatten(arrays: Mapping[str, Array], shapes: Shapes, *, like: Array) -> Array:
    """The inverse of `views`, as a new array of the shape (K, 1, P) and dtype of `like`."""
    flat = np.empty_like(like)
    for name, view in views(flat, shapes).items():
        view[...] = arrays[name]
    return flat
