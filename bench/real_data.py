"""The real data sets that the environment variable CAVIAR_TEST_DATA leads to; they are no part of the project."""

import os
from pathlib import Path

import numpy as np

from trainer.datasets import Table, load
from trainer.tables import TABLES

VARIABLE = "CAVIAR_TEST_DATA"
_FILES = {
    "fashion_mnist_10k": "images/fashion_mnist_10k.npz",
    **{name: f"tabular/{name}.npz" for name in ("california_housing", "letter", "spambase", "splice")},
}


class NotHere(LookupError):
    """A data set that cannot be had on this machine; says why."""


def real_table(name: str) -> Table:
    """A built-in table, or one of the files. Raises NotHere."""
    if name in TABLES:
        return load(name)
    with np.load(path_of(_FILES[name], name=name), allow_pickle=False) as file:
        is_regression = str(file["task"]) == "regression"
        y = np.ascontiguousarray(file["y"], dtype=np.float32 if is_regression else np.int64)
        names = () if is_regression else tuple(str(class_name) for class_name in file["classes"])
        return Table(np.ascontiguousarray(file["X"], dtype=np.float32), y, names)


def path_of(file: str, *, name: str) -> Path:
    """Where a file of the folder lies. Raises NotHere."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        raise NotHere(f"{name} is left out: {VARIABLE} does not say where the real data sets lie")
    path = Path(folder, file)
    if not path.exists():
        raise NotHere(f"{name} is left out: there is no {file} in the folder of {VARIABLE}")
    return path
