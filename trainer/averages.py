"""Exponentially weighted averages, with bias correction: of gradients, of their squares, of a batch's moments.

Notation: K networks, P numbers each. The field's v_t = beta v_(t-1) + (1 - beta) x_t, with v_0 = 0, is kept as a
weighted total and the total of its weights, total_t = beta total_(t-1) + x_t and weight_t = beta weight_(t-1) + 1:
then v_t = (1 - beta) total_t, and v_t / (1 - beta^t) = total_t / weight_t. It is the same average with one pass less,
and no digits are lost in 1 - beta.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.arrays import Array


@dataclass(frozen=True)
class Average:
    """total (K, 1, P), and its weight (K, 1, 1) in float64."""

    total: Array
    weight: Array


def start(like: Array) -> Average:
    """The average of nothing yet, for values shaped as `like` (K, 1, P)."""
    return Average(np.zeros_like(like), np.zeros((len(like), 1, 1)))


def update(average: Average, x: Array, *, beta: Array) -> Average:
    """One more value x (K, 1, P), with beta (K, 1, 1)."""
    total = average.total * beta.astype(x.dtype)
    total += x
    return Average(total, next_weight(average.weight, beta=beta))


def next_weight(weight: Array, *, beta: Array | float) -> Array:
    """The weight after one more value; with products and sums alone, which round alike in a stack of any size."""
    return beta * weight + 1


def add(total: Array, x: Array, *, beta: float) -> None:
    """One more value, in place and without the weight, which `coming_weights` has computed before."""
    total *= total.dtype.type(beta)
    total += x


def coming_weights(weight: Array, *, beta: Array | float, n_steps: int) -> Array:
    """The weights after each of the coming steps, (T, K, 1, 1)."""
    weights = np.empty((n_steps, *weight.shape))
    for t in range(n_steps):
        weight = weights[t] = next_weight(weight, beta=beta)
    return weights


def corrected(average: Average) -> Array:
    """total / weight: an average of t values whose weights add up to 1, without the pull of the initial zero.

    Raises ValueError when there is no value in it yet.
    """
    if np.any(average.weight == 0):
        raise ValueError("An average of no values has no value; average at least one first.")
    return average.total / average.weight.astype(average.total.dtype)


def keep(average: Average, indices: Sequence[int]) -> Average:
    """The averages of these networks alone."""
    return Average(average.total[list(indices)], average.weight[list(indices)])
