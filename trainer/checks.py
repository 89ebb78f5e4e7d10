"""What data cannot be learned from, each in one sentence that names it. Nothing is trained then.

Notation: N examples, D features, C classes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.datasets import Table


def check_table(table: Table) -> None:
    """Raises ValueError for numbers that are not finite, shapes that do not fit, and classes that are none."""
    if table.x.ndim != 2 or len(table.x) != len(table.y):
        raise ValueError(
            f"x has the shape {table.x.shape} and y {len(table.y)} values; there must be one row of x for each."
        )
    if not len(table.y) or not table.x.shape[1]:
        raise ValueError(f"The data has {len(table.y)} examples of {table.x.shape[1]} features; there must be some.")
    _check_finite(table.x)
    if table.class_names:
        _check_classes(table)
    elif not np.isfinite(table.y).all():
        raise ValueError(f"The target is {_first_bad(table.y)} in row {_first_row(table.y)}; it must be finite.")


def check_parts(table: Table, *, train: NDArray[np.int64], dev: NDArray[np.int64]) -> None:
    """Raises ValueError for a class that dev has and the training set has not: nothing could learn it."""
    if table.class_names:
        unseen = sorted(set(table.y[dev].tolist()) - set(table.y[train].tolist()))
        if unseen:
            names = ", ".join(table.class_names[c] for c in unseen)
            raise ValueError(f"The class {names} is in dev and not in the training set; it needs more examples.")


def encoded(y: Any, *, class_names: Sequence[str] = ()) -> NDArray[np.int64]:
    """Class numbers from labels, by their place in `class_names`.

    Raises ValueError for text without a mapping, and for a label that the mapping does not have.
    """
    labels = np.asarray(y)
    if labels.dtype.kind in "iu" and not class_names:
        return labels.astype(np.int64)
    if not class_names:
        raise ValueError(f"The label {labels.flat[0]!s} is text; give class_names, so that it gets a number.")
    places = {name: place for place, name in enumerate(class_names)}
    unknown = sorted({str(label) for label in labels} - places.keys())
    if unknown:
        raise ValueError(f"The label {unknown[0]} is not one of the class names {', '.join(class_names)}.")
    return np.array([places[str(label)] for label in labels], np.int64)


def _check_finite(x: NDArray[Any]) -> None:
    bad = ~np.isfinite(x)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(f"Feature {column} is {x[row, column]} in row {row}; every feature must be finite.")


def _check_classes(table: Table) -> None:
    if table.y.dtype.kind not in "iu":
        raise ValueError(f"The classes are of the type {table.y.dtype}; they must be whole numbers from 0.")
    n_classes = len(table.class_names)
    outside = table.y[(table.y < 0) | (table.y >= n_classes)]
    if len(outside):
        raise ValueError(f"The class {outside[0]} is not one of 0 ... {n_classes - 1}, of which the names are known.")
    if len(np.unique(table.y)) < 2:
        raise ValueError(f"All examples are of the class {table.class_names[table.y[0]]}; there must be two at least.")


def _first_row(values: NDArray[Any]) -> int:
    return int(np.flatnonzero(~np.isfinite(values))[0])


def _first_bad(values: NDArray[Any]) -> float:
    return float(values[_first_row(values)])
