"""Activations of hidden layers by name, of any shape, each with the way back.

Notation: a = g(z); da, dz are gradients of the cost. Each g' is a formula in a, so z is not kept: a is written
over z, and dz = da g'(z) over da.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from trainer.arrays import Array
from trainer.memory import Memory, fresh

LEAK = 0.01
"""The slope of a leaky ReLU below 0."""

Backward = Callable[[Array], Array]
Activation = Callable[[Array, Memory], tuple[Array, Backward]]
"""(z, memory) -> (a, backward: da -> dz); a lies in z's memory, dz in da's."""


def relu(z: Array, memory: Memory = fresh) -> tuple[Array, Backward]:
    """a = max(z, 0); the slope at 0 is taken as 0."""
    a = np.maximum(z, _zeros(z.shape[1:], z.dtype), out=z)

    def backward(da: Array) -> Array:
        da *= np.greater(a, 0)
        return da

    return a, backward


@lru_cache(maxsize=16)
def _zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Only to be read. A maximum with an array of zeros is twice as fast as one with the number 0."""
    return np.zeros(shape, dtype)


def leaky_relu(z: Array, memory: Memory = fresh) -> tuple[Array, Backward]:
    """a = max(z, 0.01 z); the slope at 0 is taken as 0.01."""
    a = np.maximum(z, np.multiply(z, LEAK, out=memory(z.shape, z.dtype)), out=z)

    def backward(da: Array) -> Array:
        slope = np.greater(a, 0).astype(da.dtype)
        slope *= 1 - LEAK
        slope += LEAK
        da *= slope
        return da

    return a, backward


def tanh(z: Array, memory: Memory = fresh) -> tuple[Array, Backward]:
    """a = tanh(z); g' = 1 - a^2."""
    a = np.tanh(z, out=z)

    def backward(da: Array) -> Array:
        slope = np.multiply(a, a, out=memory(a.shape, a.dtype))
        da *= np.subtract(1, slope, out=slope)
        return da

    return a, backward


def sigmoid(z: Array, memory: Memory = fresh) -> tuple[Array, Backward]:
    """a = 1 / (1 + exp(-z)), computed as (1 + tanh(z / 2)) / 2, which never overflows; g' = a (1 - a)."""
    z *= 0.5
    a = np.tanh(z, out=z)
    a += 1
    a *= 0.5

    def backward(da: Array) -> Array:
        slope = np.subtract(1, a, out=memory(a.shape, a.dtype))
        slope *= a
        da *= slope
        return da

    return a, backward


def linear(z: Array, memory: Memory = fresh) -> tuple[Array, Backward]:
    """a = z; g' = 1."""
    return z, lambda da: da


ACTIVATIONS: Mapping[str, Activation] = {
    "relu": relu,
    "leaky_relu": leaky_relu,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "linear": linear,
}
