"""The limit: the matrix products that training needs, and nothing else.

Notation: K networks, B examples of a batch, I inputs and O outputs of a layer.
Forward z = a w; backward dw = a^T dz, and da = dz w^T but in the first layer, whose inputs learn nothing.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bench.recipe import Recipe
from trainer.split import Split


def bare_products(split: Split, recipe: Recipe, *, networks: int) -> Callable[[], None]:
    """The products of a whole training of K networks, on memory that is there already. No bias, no step, no report."""
    full, rest = divmod(len(split.train.y), recipe.batch_size)
    sizes = [recipe.batch_size] * full + [rest] * (rest > 0)
    shapes = list(_shapes(split, recipe))
    batches = {size: [_Layer(networks, size, *shape) for shape in shapes] for size in set(sizes)}

    def work() -> None:
        for _ in range(recipe.epochs):
            for size in sizes:
                _step(batches[size])

    return work


def _shapes(split: Split, recipe: Recipe) -> Sequence[tuple[int, int]]:
    """(I, O) of every layer."""
    widths = [split.train.x.shape[1], *recipe.hidden, split.n_classes]
    return list(pairwise(widths))


class _Layer:
    """The operands and results of one layer's products: a (K, B, I), w (K, I, O), dz (K, B, O)."""

    def __init__(self, networks: int, size: int, inputs: int, outputs: int) -> None:
        rng = np.random.default_rng(0)

        def some(*shape: int) -> NDArray[np.float32]:
            return rng.standard_normal(shape, np.float32)

        self.a, self.w = some(networks, size, inputs), some(networks, inputs, outputs)
        self.z, self.dz = some(networks, size, outputs), some(networks, size, outputs)
        self.da, self.dw = np.empty_like(self.a), np.empty_like(self.w)


def _step(layers: Sequence[_Layer]) -> None:
    for layer in layers:
        np.matmul(layer.a, layer.w, out=layer.z)
    for number, layer in reversed(list(enumerate(layers))):
        np.matmul(layer.a.swapaxes(1, 2), layer.dz, out=layer.dw)
        if number > 0:
            np.matmul(layer.dz, layer.w.swapaxes(1, 2), out=layer.da)
