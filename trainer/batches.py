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
from trainer.lanes import Lanes, lanes_of
from trainer.memory import Reused
from trainer.split import Split
from trainer.stack import Stack
from trainer.streams import Purpose, stream
from trainer.targets import targets


@dataclass(frozen=True, kw_only=True)
class Batches:
    """One epoch: x (N, D), y (C, N), the order (K, N) in which each network meets them, and batches as slices of it.

    `drops` has, for every hidden layer, what is drawn for a row (1, N, W) and its keep_prob (1, 1, W); it is empty
    without dropout.
    `augment` changes the inputs of a batch; None without augmentation.
    """

    x: Array
    y: Array
    order: NDArray[np.int64]
    slices: Sequence[slice]
    drops: Sequence[tuple[NDArray[np.uint16], Array]]
    augment: Augment | None

    def gather(self, t: int, *, x: Array, y: Array) -> None:
        """Write batch t into x (K, B, D) and y (K, B, C)."""
        rows = self.order[:, self.slices[t]]
        # Every row is there; "clip" only spares NumPy a copy that it makes to be safe when one is not.
        np.take(self.x, rows, axis=0, out=x, mode="clip")
        np.take(self.y, rows, axis=1, out=y.transpose(2, 0, 1), mode="clip")
        if self.augment is not None:
            self.augment(t, x)

    def masks(self, t: int, *, memory: Reused) -> list[Array]:
        """Those of dropout in batch t."""
        return [mask(drawn[:, self.slices[t]], keep_prob=keep_prob, memory=memory) for drawn, keep_prob in self.drops]


def batches_of(stack: Stack, split: Split) -> Batches:
    """The coming epoch of every member."""
    dtype, hparams = stack.dtype, stack.members[0].hparams
    n_examples = len(split.train.y)
    seeds = [member.seed for member in stack.members]
    output = stack.groups[0].networks.architecture.output
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
    if all(prob == 1 for member in stack.members for prob in keep_probs(member.hparams)):
        return []
    shapes = [(group.networks.architecture, len(group)) for group in stack.groups]
    return [_drop(stack, lanes, n_examples, layer=n) for n, lanes in enumerate(lanes_of(shapes), start=1)]


def _drop(stack: Stack, lanes: Lanes, n_examples: int, *, layer: int) -> tuple[NDArray[np.uint16], Array]:
    """What is drawn for one layer's row, and its keep_prob; columns that belong to nobody are kept."""
    drawn, keep_prob = np.zeros((1, n_examples, lanes.n_columns), np.uint16), lanes.row(1, stack.dtype, filled_with=1)
    here = [part for part in stack.slices() if len(keep_probs(stack.members[part.start].hparams)) >= layer]
    for part, numbers, probs in zip(here, lanes.parts(drawn), lanes.parts(keep_prob), strict=True):
        each = [keep_probs(member.hparams)[layer - 1] for member in stack.members[part]]
        probs[...] = column(each)
        # Zeros are always kept: who drops nothing draws nothing.
        for k in (k for k, prob in enumerate(each) if prob < 1):
            seed, epoch = stack.members[part.start + k].seed, stack.epochs[part.start + k]
            numbers[k] = draws(seed, epoch, layer=layer, shape=(n_examples, numbers.shape[2]))
    return drawn, keep_prob


def steps_behind(stack: Stack, k: int, split: Split) -> int:
    """How many steps network k has made."""
    n_examples = len(split.train.y)
    size = batch_size(stack.members[k].hparams, n_examples=n_examples)
    return stack.epochs[k] * len(batch_slices(n_examples, size))
