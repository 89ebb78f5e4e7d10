"""Mini-batches: which examples stand in which step of an epoch.

Notation: K networks, N training examples.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.streams import Purpose, stream


def batch_slices(n_examples: int, batch_size: int) -> list[slice]:
    """The batches of one epoch as slices of its order: the short last one included, all in one if batch_size >= N.

    A last batch of one joins the one before, since batch normalisation finds no variance in one example.
    """
    starts = list(range(0, n_examples, batch_size))
    if batch_size > 1 and len(starts) > 1 and n_examples - starts[-1] == 1:
        starts.pop()
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], n_examples], strict=True)]


def epoch_order(seeds: Sequence[int], epochs: Sequence[int], *, n_examples: int) -> NDArray[np.int64]:
    """The order (K, N) in which each network meets the examples in its coming epoch, counted from 0."""
    orders = [
        stream(seed, Purpose.BATCH_ORDER, index=epoch).permutation(n_examples)
        for seed, epoch in zip(seeds, epochs, strict=True)
    ]
    return np.stack(orders)
