"""Exponentially weighted averages, with bias correction: of gradients, of their squares, of a batch's moments.

Notation: K networks, P numbers each. v_t = beta v_(t-1) + (1 - beta) x_t, with v_0 = 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.arrays import Array


@dataclass(frozen=True)
class Average:
    """v (K, 1, P), and beta^t (K, 1, 1) in float64: the weight that the initial zero still has in it.

    beta^t is kept as a product, step by step: a power may be rounded otherwise in a stack of another size.
    """

    v: Array
    beta_power: Array


def start(like: Array) -> Average:
    """The average of nothing yet, for values shaped as `like` (K, 1, P)."""
    return Average(np.zeros_like(like), np.ones((len(like), 1, 1)))


def update(average: Average, x: Array, *, beta: Array) -> Average:
    """v = beta v + (1 - beta) x, with beta (K, 1, 1) in float64, so that 1 - 0.9999 keeps its digits."""
    v = average.v * beta.astype(x.dtype)
    v += (1 - beta).astype(x.dtype) * x
    return Average(v, average.beta_power * beta)


def corrected(average: Average) -> Array:
    """v / (1 - beta^t): without the pull of the initial zero, an average of t values whose weights add up to 1.

    Raises ValueError when there is no value in it yet.
    """
    if np.any(average.beta_power == 1):
        raise ValueError("An average of no values has no value; average at least one first.")
    return average.v / (1 - average.beta_power).astype(average.v.dtype)


def keep(average: Average, indices: Sequence[int]) -> Average:
    """The averages of these networks alone."""
    return Average(average.v[list(indices)], average.beta_power[list(indices)])
