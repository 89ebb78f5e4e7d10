"""Inverted dropout, for K networks at once.

Notation: K networks, N examples, B of them in a batch, D units. A unit is kept with probability keep_prob, and what is
kept is divided by keep_prob: the expected activation stays, and at test time nothing has to be done.
Source: Srivastava et al. 2014; inverted, as in the course.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Array
from trainer.memory import Memory, fresh
from trainer.streams import Purpose, stream

LEVELS = 2**16
"""Draws are 16 bits of a stream, so keep_prob is rounded to a multiple of 1 / 65536."""


def draws(seed: int, epoch: int, *, layer: int, shape: tuple[int, int]) -> NDArray[np.uint16]:
    """(N, D): what decides, in the coming epoch of a network, about each unit of a layer at each example."""
    n_words = -(-shape[0] * shape[1] // 4)
    words = stream(seed, Purpose.DROPOUT, index=epoch, part=layer).bit_generator.random_raw(n_words)
    numbers = words.astype("<u8", copy=False).view("<u2")
    return numbers[: shape[0] * shape[1]].reshape(shape)


def mask(drawn: NDArray[np.uint16], *, keep_prob: Array, memory: Memory = fresh) -> Array:
    """1 / keep_prob where a unit is kept, else 0, (K, B, D); keep_prob (K, 1, 1), in the dtype of the result.

    The probability is what the rounded threshold gives, and so is the factor; a network that keeps all has ones.
    """
    threshold = np.maximum(np.rint(keep_prob.astype(np.float64) * LEVELS), 1)
    kept = drawn <= (threshold - 1).astype(np.uint16)
    return np.multiply(kept, (LEVELS / threshold).astype(keep_prob.dtype), out=memory(drawn.shape, keep_prob.dtype))


def dropout(a: Array, mask: Array, *, out: Array | None = None) -> tuple[Array, Callable[[Array], Array]]:
    """a * mask. Returns it and backward: da -> da * mask, written over da."""

    def backward(da: Array) -> Array:
        da *= mask
        return da

    return np.multiply(a, mask, out=out), backward
