"""Loading a data set by name as arrays.

Notation: N examples, D features, C classes.
"""

import gzip
import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
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


_FILES = {
    "digits": "digits.csv.gz",
    "breast_cancer": "breast_cancer.csv",
    "wine": "wine_data.csv",
    "iris": "iris.csv",
}
"""In scikit-learn's package, whose own loaders read them; importing those takes more than a second."""


def load(name: str) -> Table:
    """A built-in table. Raises UnknownTable for another name."""
    text = _text(_FILES[facts(name).name])
    first = text.partition("\n")[0].split(",")
    # All files but that of digits begin with a line of their own: examples, features, the names of the classes.
    has_names = not first[-1].isdigit()
    rows = np.loadtxt(text.splitlines(), delimiter=",", skiprows=int(has_names))
    return Table(
        x=np.ascontiguousarray(rows[:, :-1], dtype=np.float32),
        y=np.ascontiguousarray(rows[:, -1], dtype=np.int64),
        class_names=tuple(first[2:]) if has_names else tuple(str(digit) for digit in range(10)),
    )


def _text(file: str) -> str:
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("scikit-learn, which brings the built-in data sets, is not installed")
    content = Path(spec.origin).parent.joinpath("datasets", "data", file).read_bytes()
    return (gzip.decompress(content) if file.endswith(".gz") else content).decode("ascii")


def content_hash(table: Table) -> str:
    """SHA-256 over dtype, shape and bytes of x, then of y; the same on every machine."""
    digest = hashlib.sha256()
    for array in (table.x, table.y):
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"{little.dtype.str}{little.shape}".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()
