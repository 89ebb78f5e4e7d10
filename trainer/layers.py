"""Layers of a dense network, for K networks at once: each gives its result and the way back.

Notation: K networks, B examples, I inputs, O outputs, D features.
x (K, B, I); w (K, I, O); b (K, 1, O); dx is the gradient of the cost with respect to x.
No layer keeps anything: what the way back needs, it closes over.
"""

from collections.abc import Callable

import numpy as np

from trainer.arrays import Array

EPSILON = 1e-5
"""Added to a variance before its root is divided by."""


def linear(x: Array, w: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
    """y = x w. Shapes: x (K, B, I); w (K, I, O). Returns y (K, B, O) and backward: dy -> (dx, dw)."""

    def backward(dy: Array) -> tuple[Array, Array]:
        return dy @ w.swapaxes(1, 2), x.swapaxes(1, 2) @ dy

    return x @ w, backward


def bias(x: Array, b: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
    """y = x + b. Shapes: x (K, B, D); b (K, 1, D). Returns y and backward: dy -> (dx, db)."""

    def backward(dy: Array) -> tuple[Array, Array]:
        return dy, sum_over_batch(dy)

    return x + b, backward


def relu(z: Array) -> tuple[Array, Callable[[Array], Array]]:
    """a = max(z, 0), of any shape. Returns a and backward: da -> dz; the slope at 0 is taken as 0."""

    def backward(da: Array) -> Array:
        return da * (z > 0)

    return np.maximum(z, 0), backward


def batch_norm(
    x: Array, gamma: Array, beta: Array, *, epsilon: float = EPSILON
) -> tuple[Array, tuple[Array, Array], Callable[[Array], tuple[Array, Array, Array]]]:
    """Normalise each feature over the batch: y = gamma * (x - mu) / sqrt(sigma2 + epsilon) + beta.

    Shapes: x (K, B, D); gamma, beta (K, 1, D).
    Returns y, the moments (mu, sigma2) of this batch, and backward: dy -> (dx, dgamma, dbeta).
    Raises ValueError if B < 2: one example has no variance.
    Source: Ioffe and Szegedy 2015, algorithm 1. Deviation: none; the variance divides by B.
    """
    n_examples = x.shape[1]
    if n_examples < 2:
        raise ValueError(f"Batch normalisation was given {n_examples} example; it needs at least 2 for a variance.")
    mu = sum_over_batch(x) / n_examples
    x_hat = x - mu
    sigma2 = sum_over_batch(x_hat * x_hat) / n_examples
    sigma = np.sqrt(sigma2 + epsilon)
    x_hat /= sigma

    def backward(dy: Array) -> tuple[Array, Array, Array]:
        dgamma, dbeta = sum_over_batch(dy * x_hat), sum_over_batch(dy)
        dx = dy - dbeta / n_examples - x_hat * (dgamma / n_examples)
        dx *= gamma / sigma
        return dx, dgamma, dbeta

    return gamma * x_hat + beta, (mu, sigma2), backward


def folded(
    w: Array, gamma: Array, beta: Array, *, moments: tuple[Array, Array], epsilon: float = EPSILON
) -> tuple[Array, Array]:
    """Batch normalisation at test time, folded into the product before it: x w' + b' is the normalised x w.

    Shapes: w (K, I, O); gamma, beta, and the given moments mu, sigma2 (K, 1, O). Returns w' (K, I, O) and b' (K, 1, O).
    """
    mu, sigma2 = moments
    scale = gamma / np.sqrt(sigma2 + epsilon)
    return w * scale, beta - mu * scale


def sum_over_batch(x: Array) -> Array:
    """(K, B, D) -> (K, 1, D), as a product with ones: four times as fast as a sum over the middle axis."""
    total: Array = np.ones((1, x.shape[1]), x.dtype) @ x
    return total
