"""What a network is to say, as numbers: which output layer suits a task, how wide it is, and what is wanted of it.

Notation: N examples, C outputs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from trainer.arrays import Array, Targets


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of the numbers to predict, in the training set: networks learn (y - mu) / sigma."""

    mu: float
    sigma: float


NO_SCALE = Scale(0.0, 1.0)
"""What classes have."""


def output_of(hparams: Mapping[str, Any], *, n_classes: int) -> str:
    """The output layer that complete hyperparameters ask for, where there are so many classes, or 0 for numbers.

    Raises ValueError where it does not suit the data.
    """
    output = str(hparams["output"])
    if output == "auto":
        return "softmax" if n_classes else "linear"
    if output == "linear" and n_classes:
        raise ValueError(f"output is linear; the data has {n_classes} classes, for which it must be softmax.")
    if output != "linear" and not n_classes:
        raise ValueError(f"output is {output}; the data has numbers to predict, for which it must be linear.")
    if output == "sigmoid" and n_classes != 2:
        raise ValueError(f"output is sigmoid; it needs 2 classes, and the data has {n_classes}.")
    return output


def n_outputs(output: str, *, n_classes: int) -> int:
    """C: one output per class for softmax, else one."""
    return n_classes if output == "softmax" else 1


def targets(output: str, y: Targets, *, n_classes: int, dtype: DTypeLike, scale: Scale = NO_SCALE) -> Array:
    """y (C, N), outputs first: a 1 in the row of the true class, or 0 and 1, or scaled numbers."""
    if output == "softmax":
        onehot: Array = (np.arange(n_classes)[:, np.newaxis] == y).astype(dtype)
        return onehot
    scaled: Array = ((y - scale.mu) / scale.sigma)[np.newaxis].astype(dtype)
    return scaled
