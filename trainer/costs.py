"""Costs and penalties, for K networks at once, with their gradients.

Notation: K networks, B examples, C classes, I inputs, O outputs, m = B.
z (K, B, C) are logits; y (K, B) the true classes; y_hat (K, B, C) probabilities; cost (K,).
"""

from collections.abc import Callable

import numpy as np

from trainer.arrays import Array, Labels


def softmax(z: Array) -> Array:
    """y_hat = exp(z) / sum exp(z), computed with the largest logit subtracted, so that none is too large."""
    y_hat: Array = np.exp(z - z.max(axis=2, keepdims=True))
    y_hat /= _sum_over_classes(y_hat)
    return y_hat


def cross_entropies(z: Array, y: Labels) -> Array:
    """-log y_hat[y] of every example, (K, B), from logits: the log of a softmax never sees a rounded 0."""
    shifted = z - z.max(axis=2, keepdims=True)
    true = np.take_along_axis(shifted, y[:, :, np.newaxis], axis=2)
    losses: Array = np.log(_sum_over_classes(np.exp(shifted))) - true
    return losses[:, :, 0]


def softmax_cross_entropy(z: Array, y: Labels) -> tuple[Array, Callable[[], Array]]:
    """The mean of -log y_hat[y] over the batch. Returns cost (K,) and backward: () -> dz = (y_hat - onehot(y)) / m."""

    def backward() -> Array:
        dz = softmax(z)
        networks, examples = np.ogrid[: z.shape[0], : z.shape[1]]
        dz[networks, examples, y] -= 1
        dz /= z.shape[1]
        return dz

    return cross_entropies(z, y).mean(axis=1), backward


def l2_penalty(w: Array, *, l2: Array, m: int) -> tuple[Array, Array]:
    """lambda / 2m * ||w||^2 in the Frobenius norm, (K,), and its gradient lambda / m * w.

    Shapes: w (K, I, O); l2 = lambda (K, 1, 1). For weights alone: not for biases, gamma and beta.
    """
    dw = w * (l2 / m).astype(w.dtype)
    return (w * dw).sum(axis=(1, 2)) / 2, dw


def _sum_over_classes(x: Array) -> Array:
    """(K, B, C) -> (K, B, 1), as a product with ones: faster than a sum over a short axis."""
    total: Array = x @ np.ones((x.shape[2], 1), x.dtype)
    return total
