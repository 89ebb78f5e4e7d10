"""Loading a data set by name as arrays.

Notation: N examples, D features, C classes.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.tables import facts


@dataclass(frozen=True)
class Table:
    """A data set: x (N, D) float32; y (N,) int64, each in 0 ... C-1; the names of the C classes.

    Without class names, y are numbers to predict, float32.
    """

    x: NDArray[np.float32]
    y: NDArray[Any]
    class_names: tuple[str, ...]


def load(name: str) -> Table:
    """A built-in table. Raises UnknownTable for another name."""
    from sklearn import datasets  # here, not above: importing it takes 2 s

    bunch = getattr(datasets, f"load_{facts(name).name}")()
    return Table(
        x=np.ascontiguousarray(bunch.data, dtype=np.float32),
        y=np.ascontiguousarray(bunch.target, dtype=np.int64),
        class_names=tuple(str(class_name) for class_name in bunch.target_names),
    )


def content_hash(table: Table) -> str:
    """SHA-256 over dtype, shape and bytes of x, then of y; the same on every machine."""
    digest = hashlib.sha256()
    for array in (table.x, table.y):
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"{little.dtype.str}{little.shape}".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()
