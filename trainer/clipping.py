"""The norms of gradients, and clipping by them, for K networks at once.

Notation: K networks; dw (K, 1, P).
"""

import numpy as np

from trainer.arrays import Array


def norms(dw: Array) -> Array:
    """||dw|| (K, 1, 1), in float64: the square of a gradient that clipping should save overflows in float32.

    A sum over each network's own row, which rounds alike in a stack of any size.
    """
    wide = dw.astype(np.float64)
    wide *= wide
    total: Array = np.sqrt(wide.sum(axis=(1, 2), keepdims=True))
    return total


def clip(dw: Array, *, limit: Array) -> None:
    """dw = dw * min(1, limit / ||dw||), in place; limit (K, 1, 1) may be infinite, and then no bit changes.

    Source: Pascanu et al. 2013, algorithm 1: the direction stays, only a step that is too long is cut.
    """
    norm = norms(dw)
    dw *= np.where(norm > limit, limit / np.where(norm > 0, norm, 1), 1).astype(dw.dtype)
