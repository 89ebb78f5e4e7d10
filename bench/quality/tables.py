"""The six real tables of trainings, which the environment variable CAVIAR_TEST_DATA leads to.

hpobench: Eggensperger et al. 2021, "HPOBench"; validation scores of networks with 1 to 3 layers.
hpolib: Klein and Hutter 2019, "Tabular benchmarks for joint architecture and hyperparameter optimization" (FCNet).
"""

import json
from pathlib import Path

import numpy as np

from bench.quality.tasks import Axis, Task
from bench.real_data import path_of

TABLES = (
    "hpobench_car",
    "hpobench_credit_g",
    "hpobench_segment",
    "hpobench_vehicle",
    "hpolib_naval_propulsion",
    "hpolib_protein_structure",
)


def load_tables() -> list[Task]:
    """All six, in this order. Raises NotHere."""
    return [read(path_of(f"hpo_tables/{name}.npz", name=name)) for name in TABLES]


def read(path: Path) -> Task:
    """One file: `values` (…axes…, S), `space` as JSON in the order of the axes, `direction`."""
    with np.load(path, allow_pickle=False) as file:
        values = np.asarray(file["values"], dtype=np.float64)
        space, direction = json.loads(str(file["space"])), str(file["direction"])
    axes = [_axis(name, values) for name, values in space.items()]
    sign = -1.0 if direction == "maximize" else 1.0
    return Task(path.stem.partition("_")[2], axes, sign * values.reshape(-1, values.shape[-1]))


def _axis(name: str, values: list[float] | list[str]) -> Axis:
    """Numbers are ordered, names are not."""
    names = tuple(value for value in values if isinstance(value, str))
    return Axis(name, len(values), names or None)
