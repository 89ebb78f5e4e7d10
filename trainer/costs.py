"""Output layers with their costs by name, for K networks at once: what the logits mean, and how wrong they are.

Notation: K networks, B examples, C outputs. z (K, B, C) are the last layer's; y (K, B, C) what is wanted: a 1 at the
true class, or 0 and 1 for two classes, or a number; y_hat (K, B, C) the prediction; losses (K, B), one per example.
Each cost is -log likelihood, so that for all of them the gradient of a loss is dz = y_hat - y.
Source: Bishop 2006, section 4.3.6 (canonical links).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from trainer.arrays import Array


class Output(NamedTuple):
    """`predict`: z -> y_hat, written over z. `losses`: (z, y) -> (K, B), from z: a log never sees a rounded 0."""

    predict: Callable[[Array], Array]
    losses: Callable[[Array, Array], Array]


def softmax(z: Array) -> Array:
    """y_hat = exp(z) / sum exp(z), with the largest logit subtracted first, so that none is too large."""
    z -= z.max(axis=2, keepdims=True)
    y_hat: Array = np.exp(z, out=z)
    y_hat /= y_hat.sum(axis=2, keepdims=True)
    return y_hat


def cross_entropy(z: Array, y: Array) -> Array:
    """-sum y log y_hat = log sum exp(z) - z[true class], with the largest logit subtracted from both."""
    largest = z.max(axis=2, keepdims=True)
    shifted = z - largest
    # A logit of a wrong class may be -inf or overflow to it; 0 * inf would be NaN, so the true one is picked.
    true = np.where(y > 0, shifted, 0).sum(axis=2)
    losses: Array = np.log(np.exp(shifted).sum(axis=2)) - true
    return losses


def sigmoid(z: Array) -> Array:
    """y_hat = 1 / (1 + exp(-z)), computed as (1 + tanh(z / 2)) / 2, which never overflows."""
    z *= 0.5
    y_hat = np.tanh(z, out=z)
    y_hat += 1
    y_hat *= 0.5
    return y_hat


def logistic_loss(z: Array, y: Array) -> Array:
    """-y log y_hat - (1 - y) log(1 - y_hat) = max(z, 0) - y z + log(1 + exp(-|z|)); C = 1."""
    losses: Array = np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))
    total: Array = losses.sum(axis=2)
    return total


def identity(z: Array) -> Array:
    """y_hat = z."""
    return z


def squared_error(z: Array, y: Array) -> Array:
    """(z - y)^2 / 2, summed over the outputs."""
    difference = z - y
    losses: Array = (difference * difference).sum(axis=2) / 2
    return losses


OUTPUTS: Mapping[str, Output] = {
    "softmax": Output(softmax, cross_entropy),
    "sigmoid": Output(sigmoid, logistic_loss),
    "linear": Output(identity, squared_error),
}


def cost(output: str, z: Array, y: Array) -> Array:
    """The mean loss of a batch, (K,)."""
    mean: Array = OUTPUTS[output].losses(z, y).mean(axis=1)
    return mean


def gradient(output: str, z: Array, y: Array) -> Array:
    """Of that cost: dz = (y_hat - y) / B, written over z."""
    dz = OUTPUTS[output].predict(z)
    dz -= y
    dz *= 1 / dz.shape[1]
    return dz
