"""The numbers in which the networks of a stack differ, as columns (K, 1, 1) in float64."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from trainer.arrays import Array
from trainer.hyperparameter import Kind
from trainer.hyperparameters import HYPERPARAMETERS
from trainer.schedules import learning_rate


class HasHparams(Protocol):
    """A member of a stack."""

    @property
    def hparams(self) -> Mapping[str, Any]: ...


def columns_of(members: Sequence[HasHparams], epochs: Sequence[int]) -> dict[str, Array]:
    """Name -> column of every hyperparameter that is a number, as it stands in each member's coming epoch."""
    numbers = [row.name for row in HYPERPARAMETERS.values() if row.kind is Kind.FLOAT]
    columns = {name: column([float(member.hparams[name]) for member in members]) for name in numbers}
    rates = [learning_rate(member.hparams, epoch=epoch) for member, epoch in zip(members, epochs, strict=True)]
    columns["learning_rate"] = column(rates)
    # 0 stands for no clipping in hyperparameters, since JSON has no infinity.
    columns["clip_norm"] = np.where(columns["clip_norm"] == 0, np.inf, columns["clip_norm"])
    return columns


def column(values: Sequence[float]) -> Array:
    """(K, 1, 1), one number per network."""
    return np.array(values, dtype=np.float64).reshape(-1, 1, 1)
