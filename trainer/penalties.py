"""Regularisation by a penalty on the size of params: L2 and L1, for K networks at once.

Notation: K networks, m = B examples in the batch; w, dw (K, 1, P) all params of a network and their gradient, of which
the first n_penalised are penalised; l1, l2 (K, 1, 1) are lambda.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trainer.arrays import Array
from trainer.memory import Memory, fresh


@dataclass(frozen=True)
class Penalty:
    """lambda2 / 2m * ||w||^2 + lambda1 / m * ||w||_1: the square of the Frobenius norm, and the sum of |w|."""

    l2: Array
    l1: Array
    n_penalised: int

    def cost(self, w: Array, *, m: int) -> Array:
        """(K,), to be added to the mean loss."""
        w = w[:, :, : self.n_penalised]
        squares, absolute = (w * w).sum(axis=(1, 2)), np.abs(w).sum(axis=(1, 2))
        total: Array = self.l2[:, 0, 0] / (2 * m) * squares + self.l1[:, 0, 0] / m * absolute
        return total

    def add_gradient(self, dw: Array, w: Array, *, m: int, memory: Memory = fresh) -> None:
        """dw += lambda2 / m * w + lambda1 / m * sign(w), in place; the slope of |w| at 0 is taken as 0."""
        w, dw = w[:, :, : self.n_penalised], dw[:, :, : self.n_penalised]
        if self.has_l2:
            dw += np.multiply(w, (self.l2 / m).astype(w.dtype), out=memory(w.shape, w.dtype))
        if self.has_l1:
            slope = np.sign(w, out=memory(w.shape, w.dtype))
            slope *= (self.l1 / m).astype(w.dtype)
            dw += slope

    @cached_property
    def has_l2(self) -> bool:
        return bool(self.l2.any())

    @cached_property
    def has_l1(self) -> bool:
        return bool(self.l1.any())
