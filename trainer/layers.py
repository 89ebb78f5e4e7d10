"""Layers of a dense network, for K networks at once: each gives its result and the way back.

Notation: K networks, B examples, I inputs, O outputs, D features.
x (K, B, I); w (K, I, O); b (K, 1, O); dx is the gradient of the cost with respect to x.
No layer keeps anything: what the way back needs, it closes over.
"""

from collections.abc import Callable, Sequence

import numpy as np

from trainer.arrays import Array

EPSILON = 1e-5
"""Added to a variance before its root is divided by."""


def linear(
    x: Sequence[Array], w: Sequence[Array], *, y: Sequence[Array], dw: Sequence[Array]
) -> tuple[Callable[[Sequence[Array]], None], Callable[[Sequence[Array], Sequence[Array | None]], None]]:
    """y = x w for several groups of networks, written into y. Shapes in each group: x (K, B, I); w (K, I, O).

    Returns two ways back: dy -> written into dw, and (dy, dx) -> written into dx where there is one: inputs need none.
    """

    def back_to_w(dy: Sequence[Array]) -> None:
        for own_x, own_dy, own_dw in zip(x, dy, dw, strict=True):
            np.matmul(own_x.swapaxes(1, 2), own_dy, out=own_dw)

    def back_to_x(dy: Sequence[Array], dx: Sequence[Array | None]) -> None:
        for own_dy, own_w, own_dx in zip(dy, w, dx, strict=True):
            if own_dx is not None:
                np.matmul(own_dy, own_w.swapaxes(1, 2), out=own_dx)

    for own_x, own_w, own_y in zip(x, w, y, strict=True):
        np.matmul(own_x, own_w, out=own_y)
    return back_to_w, back_to_x


def bias(x: Array, b: Array, *, db: Array | None = None) -> tuple[Array, Callable[[Array], Array]]:
    """y = x + b, written over x. Shapes: x (K, B, D); b (K, 1, D). Returns y and backward: dy -> db; dx is dy."""

    def backward(dy: Array) -> Array:
        return sum_over_batch(dy, out=db)

    x += b
    return x, backward


def batch_norm(
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    y: Array | None = None,
    out: tuple[Array | None, ...] = (None,) * 4,
    epsilon: float = EPSILON,
) -> tuple[Array, tuple[Array, Array], Callable[[Array], tuple[Array, Array, Array]]]:
    """Normalise each feature over the batch: y = gamma * (x - mu) / sqrt(sigma2 + epsilon) + beta.

    Shapes: x (K, B, D); gamma, beta (K, 1, D). `y` says where y is wanted, `out` where dgamma, dbeta, mu
    and sigma2 are.
    Returns y, the moments (mu, sigma2) of this batch, and backward: dy -> (dx, dgamma, dbeta). x and dy are used up.
    Raises ValueError if B < 2: one example has no variance.
    Source: Ioffe and Szegedy 2015, algorithm 1. Deviation: none; the variance divides by B. With x centred, and
    scale = gamma / sigma: dx = scale * (dy - mean(dy) - x * mean(dy * x) / sigma^2).
    """
    n_examples = x.shape[1]
    if n_examples < 2:
        raise ValueError(f"Batch normalisation was given {n_examples} example; it needs at least 2 for a variance.")
    mu = mean_over_batch(x, out=out[2])
    x -= mu
    sigma2 = dot_over_batch(x, x, out=out[3])
    sigma2 /= n_examples
    sigma = np.sqrt(sigma2 + epsilon)
    scale = gamma / sigma
    y = np.multiply(x, scale, out=y)
    y += beta

    def backward(dy: Array) -> tuple[Array, Array, Array]:
        dbeta = sum_over_batch(dy, out=out[1])
        dgamma = dot_over_batch(dy, x, out=out[0])
        dgamma /= sigma
        dx = dy
        dx -= np.multiply(x, dgamma / (sigma * n_examples), out=x)
        dx -= dbeta / n_examples
        dx *= scale
        return dx, dgamma, dbeta

    return y, (mu, sigma2), backward


def folded(
    w: Array, gamma: Array, beta: Array, *, moments: tuple[Array, Array], epsilon: float = EPSILON
) -> tuple[Array, Array]:
    """Batch normalisation at test time, folded into the product before it: x w' + b' is the normalised x w.

    Shapes: w (K, I, O); gamma, beta, and the given moments mu, sigma2 (K, 1, O). Returns w' (K, I, O) and b' (K, 1, O).
    """
    mu, sigma2 = moments
    scale = gamma / np.sqrt(sigma2 + epsilon)
    return w * scale, beta - mu * scale


def sum_over_batch(x: Array, *, out: Array | None = None) -> Array:
    """(K, B, D) -> (K, 1, D), example by example: a feature's sum does not depend on how many stand beside it."""
    total: Array = np.add.reduce(x, axis=1, keepdims=True, out=out)
    return total


def mean_over_batch(x: Array, *, out: Array | None = None) -> Array:
    """(K, B, D) -> (K, 1, D)."""
    mean = sum_over_batch(x, out=out)
    mean /= x.shape[1]
    return mean


def dot_over_batch(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """Two (K, B, D) -> the sums of their products over the batch, (K, 1, D), example by example and in one pass."""
    if out is None:
        out = np.empty((len(x), 1, x.shape[2]), x.dtype)
    np.einsum("kbd,kbd->kd", x, y, out=out[:, 0])
    return out
