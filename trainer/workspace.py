"""The arrays that the steps of one batch size overwrite, made once for a stack: nothing is allocated within a step.

Notation: groups of networks; K networks, of a group or of the stack; B examples, D inputs, C outputs, W columns of a
row with the features of all groups side by side (trainer.lanes). `parts` of an array are what belongs to each group.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from trainer.architecture import Architecture
from trainer.arrays import Array
from trainer.lanes import Lanes, lanes_of
from trainer.memory import Reused

Parts = Sequence[Array]


class HiddenRows:
    """Of a hidden layer: products z, activations a, their gradients da, and `dropped`, what dropout leaves of a.

    z is a where nothing is normalised, dropped is a where nothing is dropped. `shift` and `scale` (1, 1, W) are the
    params of the layer side by side, dshift and dscale their gradients, moments (1, 2, W) mu and sigma2 of the batch.
    `entering` is what each group multiplies, and da_below where the gradients of it are wanted: nowhere for inputs.
    """

    def __init__(self, lanes: Lanes, n_examples: int, dtype: DTypeLike, *, has_batch_norm: bool, has_dropout: bool):
        self.has_batch_norm = has_batch_norm
        self.a, self.da = (lanes.row(n_examples, dtype) for _ in range(2))
        self.z = lanes.row(n_examples, dtype) if has_batch_norm else self.a
        self.dropped = lanes.row(n_examples, dtype) if has_dropout else self.a
        self.shift, self.scale, self.dshift, self.dscale = (lanes.row(1, dtype) for _ in range(4))
        self.moments = lanes.row(2, dtype)
        self.z_parts, self.da_parts, self.dropped_parts = map(lanes.parts, (self.z, self.da, self.dropped))
        self.shift_parts, self.scale_parts = map(lanes.parts, (self.shift, self.scale))
        self.dshift_parts, self.dscale_parts = map(lanes.parts, (self.dshift, self.dscale))
        self.entering: Parts = ()
        self.da_below: Sequence[Array | None] = ()


class OutputRows:
    """Of the output layer: logits z (K, B, C), which lie in memory as (K, C, B): a sum or a maximum over few classes
    is then a pass over long rows. shift (K, 1, C) are biases, dshift their gradients.
    """

    def __init__(self, sizes: Sequence[int], n_examples: int, n_outputs: int, dtype: DTypeLike) -> None:
        n_networks = sum(sizes)
        self.z = np.empty((n_networks, n_outputs, n_examples), dtype).swapaxes(1, 2)
        self.shift, self.dshift = (np.empty((n_networks, 1, n_outputs), dtype) for _ in range(2))
        self.z_parts, self.shift_parts, self.dshift_parts = (
            split_up(array, sizes) for array in (self.z, self.shift, self.dshift)
        )
        self.entering: Parts = ()
        self.da_below: Sequence[Array | None] = ()


class Workspace:
    """For groups of the given architecture and size, which agree in inputs, outputs, activation and normalisation.

    x (K, B, D) and y (K, B, C) are the batch. Every hidden layer has those groups that are so deep, in their order.
    `memory` is for what a step needs besides.
    """

    def __init__(
        self, groups: Sequence[tuple[Architecture, int]], n_examples: int, dtype: DTypeLike, *, has_dropout: bool
    ) -> None:
        first, sizes = groups[0][0], [size for _, size in groups]
        has_batch_norm = any(architecture.has_batch_norm for architecture, _ in groups)
        self.x = np.empty((sum(sizes), n_examples, first.n_inputs), dtype)
        self.y = np.empty((first.n_outputs, sum(sizes), n_examples), dtype).transpose(1, 2, 0)
        self.hidden = [
            HiddenRows(lanes, n_examples, dtype, has_batch_norm=has_batch_norm, has_dropout=has_dropout)
            for lanes in lanes_of(groups)
        ]
        self.memory = Reused()
        self.output = OutputRows(sizes, n_examples, first.n_outputs, dtype)
        self._connect([len(architecture.hidden) for architecture, _ in groups], split_up(self.x, sizes))

    def _connect(self, depths: Sequence[int], x_parts: Parts) -> None:
        """Let every layer know what enters it."""
        latest: list[Array] = list(x_parts)
        gradients: list[Array | None] = [None] * len(depths)
        for n, rows in enumerate(self.hidden, start=1):
            here = [number for number, depth in enumerate(depths) if depth >= n]
            rows.entering = [latest[number] for number in here]
            rows.da_below = [gradients[number] for number in here]
            for number, a, da in zip(here, rows.dropped_parts, rows.da_parts, strict=True):
                latest[number], gradients[number] = a, da
        self.output.entering = latest
        self.output.da_below = gradients


class Workspaces:
    """Those of the stack as it is: a last batch is smaller than the others. When somebody leaves, new ones are made."""

    def __init__(self) -> None:
        self._groups: list[tuple[Architecture, int]] = []
        self._made: dict[object, Workspace] = {}

    def get(
        self, groups: Sequence[tuple[Architecture, int]], n_examples: int, dtype: DTypeLike, *, has_dropout: bool
    ) -> Workspace:
        """The one that was made before for the same, or a new one."""
        if self._groups != list(groups):
            self._groups, self._made = list(groups), {}
        key = (n_examples, np.dtype(dtype), has_dropout)
        if key not in self._made:
            self._made[key] = Workspace(groups, n_examples, dtype, has_dropout=has_dropout)
        return self._made[key]


def split_up(array: Array, sizes: Sequence[int]) -> list[Array]:
    """(K, ...) -> one array per group, sharing its memory."""
    return np.split(array, np.cumsum(sizes)[:-1])
