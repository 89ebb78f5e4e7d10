"""Where a step of training puts its arrays.

A layer asks for the memory of each array it makes. `fresh` gives new memory, so that a layer is values in, values out.
`Reused` gives the memory of the step before, because to allocate costs as much as to compute. It makes a training
loop a room of its own: no array of a step may be kept beyond it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from trainer.arrays import Array

Memory = Callable[[tuple[int, ...], DTypeLike], Array]
"""(shape, dtype) -> an array of any content."""


def fresh(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """New memory."""
    return np.empty(shape, dtype)


def classes_first(memory: Memory) -> Memory:
    """(K, B, C) that lie in memory as (K, C, B): a sum or a maximum over few classes is then a pass over long rows."""

    def swapped(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        return memory((shape[0], shape[2], shape[1]), dtype).swapaxes(1, 2)

    return swapped


class Reused:
    """Memory for steps of one shape: the n-th array of a step lies where the n-th array of the step before lay."""

    def __init__(self) -> None:
        self._steps: dict[object, list[Array]] = {}
        self._arrays: list[Array] = []
        self._given = 0

    def begin(self, key: object) -> None:
        """From now on, nothing is needed of earlier steps. Steps of one key ask for the same shapes in one order."""
        self._arrays = self._steps.setdefault(key, [])
        self._given = 0

    def __call__(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        if self._given == len(self._arrays):
            self._arrays.append(np.empty(shape, dtype))
        array: Array = self._arrays[self._given]
        if array.shape != shape:
            raise ValueError(f"This step asks for an array {shape} where the step before it had {array.shape}.")
        self._given += 1
        return array

    @property
    def n_bytes(self) -> int:
        """What it holds."""
        arrays: Any = (array for step in self._steps.values() for array in step)
        return sum(int(array.nbytes) for array in arrays)
