"""Random numbers that depend on what they are for and on nothing else: a counter-based generator with raw bits.

Philox4x64-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") keyed by (seed, number). Only its raw
64-bit words are used, which NumPy keeps the same between releases; its distributions may change.
"""

import threading
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Purpose(IntEnum):
    """The highest word of the counter, so that streams of one key never meet."""

    HYPERPARAMETERS = 0
    TRIAL_SEED = 1
    SCRAMBLING = 2
    GRID = 3
    CANDIDATES = 4
    NEIGHBOURS = 5
    CENTRES = 6


class _Generator(threading.local):
    """One for each thread: to set its state takes a quarter of the time that it takes to make a new one."""

    def __init__(self) -> None:
        self._philox = np.random.Philox(key=[0, 0], counter=[0, 0, 0, 0])
        self._state = self._philox.state
        self._buffer_end = self._state["buffer_pos"]

    def words(self, count: int, key: list[int], counter: list[int]) -> NDArray[np.uint64]:
        self._state["state"]["key"][:] = key
        self._state["state"]["counter"][:] = counter
        self._state["buffer_pos"] = self._buffer_end
        self._philox.state = self._state
        return np.asarray(self._philox.random_raw(count), np.uint64)


_generator = _Generator()


def _words(count: int, *, seed: int, number: int, purpose: Purpose) -> NDArray[np.uint64]:
    return _generator.words(count, [seed, number], [0, 0, 0, purpose])


def words(count: int, *, seed: int, number: int, purpose: Purpose) -> list[int]:
    """64 random bits each."""
    return [int(word) for word in _words(count, seed=seed, number=number, purpose=purpose)]


def uniform_array(count: int, *, seed: int, number: int, purpose: Purpose) -> NDArray[np.float64]:
    """Numbers in [0, 1) with 53 random bits each, (count,)."""
    bits = _words(count, seed=seed, number=number, purpose=purpose) >> np.uint64(11)
    return bits.astype(np.float64) * 2.0**-53


def uniforms(count: int, *, seed: int, number: int) -> list[float]:
    """Numbers in [0, 1) for the hyperparameters of a trial."""
    return [float(u) for u in uniform_array(count, seed=seed, number=number, purpose=Purpose.HYPERPARAMETERS)]


def trial_seed(*, seed: int, number: int) -> int:
    """The seed of a trial's weights, order of batches and dropout: 53 bits, a whole number to every JSON reader."""
    return words(1, seed=seed, number=number, purpose=Purpose.TRIAL_SEED)[0] >> 11
