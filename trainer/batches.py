"""Mini-batches: which examples stand in which step of an epoch, and with which units dropped.

Notation: K networks, N training examples, B of them in a batch, D inputs, C outputs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Array
from trainer.augmentation import Augment, augment_of
from trainer.columns import column
from trainer.dropout import draws, mask
from trainer.hyperparameters import batch_size, keep_probs
from trainer.memory import Reused
from trainer.split import Split
from trainer.stack import Stack
from trainer.streams import Purpose, stream
from trainer.targets import targets


@dataclass(frozen=True, kw_only=True)
class Batches:
    """One epoch: x (N, D), y (C, N), the order (K, N) in which each network meets them, and batches as slices of it.

    `drops` has, for every hidden layer, what is drawn (K, N, D) and keep_prob (K, 1, 1); it is empty without dropout.
    `augment` changes the inputs of a batch; None without augmentation.
    """

    x: Array
    y: Array
    order: NDArray[np.int64]
    slices: Sequence[slice]
    drops: Sequence[tuple[NDArray[np.uint16], Array]]
    augment: Augment | None

    def gathered(self, t: int, *, memory: Reused) -> tuple[Array, Array]:
        """x (K, B, D) and y (K, B, C) of batch t."""
        rows = self.order[:, self.slices[t]]
        x = memory((*rows.shape, self.x.shape[1]), self.x.dtype)
        y = memory((len(self.y), *rows.shape), self.y.dtype)
        # Every row is there; "clip" only spares NumPy a copy that it makes to be safe when one is not.
        np.take(self.x, rows, axis=0, out=x, mode="clip")
        np.take(self.y, rows, axis=1, out=y, mode="clip")
        if self.augment is not None:
            self.augment(t, x)
        return x, y.transpose(1, 2, 0)

    def masks(self, t: int, *, memory: Reused) -> list[Array]:
        """Those of dropout in batch t."""
        return [mask(drawn[:, self.slices[t]], keep_prob=keep_prob, memory=memory) for drawn, keep_prob in self.drops]


def batches_of(stack: Stack, split: Split) -> Batches:
    """The coming epoch of every member."""
    dtype, hparams = stack.networks.params.dtype, stack.members[0].hparams
    n_examples = len(split.train.y)
    seeds = [member.seed for member in stack.members]
    output = stack.networks.architecture.output
    return Batches(
        x=split.train.x.astype(dtype, copy=False),
        y=targets(output, split.train.y, n_classes=split.n_classes, dtype=dtype, scale=split.scale),
        order=epoch_order(seeds, stack.epochs, n_examples=n_examples),
        slices=batch_slices(n_examples, batch_size(hparams, n_examples=n_examples)),
        drops=_drops(stack, n_examples),
        augment=augment_of([member.hparams for member in stack.members], seeds, stack.epochs, split=split),
    )


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


def _drops(stack: Stack, n_examples: int) -> list[tuple[NDArray[np.uint16], Array]]:
    probs = [keep_probs(member.hparams) for member in stack.members]
    if all(prob == 1 for each in probs for prob in each):
        return []
    seeds, dtype = [member.seed for member in stack.members], stack.networks.params.dtype
    return [
        (
            draws(seeds, stack.epochs, layer=n, shape=(n_examples, width)),
            column([each[n - 1] for each in probs]).astype(dtype),
        )
        for n, width in enumerate(stack.networks.architecture.hidden, start=1)
    ]


def steps_behind(stack: Stack, k: int, split: Split) -> int:
    """How many steps network k has made."""
    n_examples = len(split.train.y)
    size = batch_size(stack.members[k].hparams, n_examples=n_examples)
    return stack.epochs[k] * len(batch_slices(n_examples, size))
