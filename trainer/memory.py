"""Where a step of training puts its arrays.

A layer asks for the memory of each array it makes. `fresh` gives new memory, so that a layer is values in, values out.
`Reused` gives the memory of the step before, because to allocate costs as much as to compute. It makes a training
loop a room of its own: no array of a step may be kept beyond it.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike, NDArray

from trainer.arrays import Array

Memory = Callable[[tuple[int, ...], DTypeLike], Array]
"""(shape, dtype) -> an array of any content."""


SLAB_BYTES = 1 << 24
"""Large enough for the system to give it in pages of 2 MB; what is not touched costs nothing."""

LINE_BYTES = 64
"""Bytes of a cache line."""


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
        self._slab = _Slab(0)

    def begin(self, key: object = None) -> None:
        """From now on, nothing is needed of earlier steps. Steps of one key ask for the same shapes in one order."""
        self._arrays = self._steps.setdefault(key, [])
        self._given = 0

    def __call__(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        if self._given == len(self._arrays):
            self._arrays.append(self._new(shape, dtype))
        array: Array = self._arrays[self._given]
        if array.shape != shape:
            raise ValueError(f"This step asks for an array {shape} where the step before it had {array.shape}.")
        self._given += 1
        return array

    def _new(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
        if n_bytes > self._slab.n_left:
            self._slab = _Slab(max(SLAB_BYTES, n_bytes))
        return self._slab.cut(n_bytes).view(dtype).reshape(shape)

    @property
    def n_bytes(self) -> int:
        """What it has given away."""
        return sum(int(array.nbytes) for step in self._steps.values() for array in step)


class _Slab:
    """Bytes that arrays are cut from, each at the beginning of a cache line, in as few pages as the system allows.

    A line that is half of one array and half of another costs a tenth of the time of a pass; so do many small pages.
    """

    def __init__(self, n_bytes: int) -> None:
        self._bytes: NDArray[np.uint8] = np.empty(n_bytes + LINE_BYTES, np.uint8)
        self._start = -self._bytes.ctypes.data % LINE_BYTES

    @property
    def n_left(self) -> int:
        return len(self._bytes) - self._start

    def cut(self, n_bytes: int) -> NDArray[np.uint8]:
        piece = self._bytes[self._start : self._start + n_bytes]
        self._start += -(-n_bytes // LINE_BYTES) * LINE_BYTES
        return piece
