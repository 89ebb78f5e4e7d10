"""How a gradient becomes a step, as pairs of functions: `init` gives the state, `update` the new params and state.

Notation: K networks, P params each. w, dw (K, 1, P): params and their gradient; every hyperparameter is a column
(K, 1, 1) in float64, so that each network has its own. The state is a tuple of averages, which count the steps of each
network themselves.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from trainer import averages
from trainer.arrays import Array
from trainer.averages import Average

State = tuple[Average, ...]
Columns = Mapping[str, Array]
"""Name of a hyperparameter -> its value in each network, (K, 1, 1)."""


class Update(Protocol):
    """(w, dw, state, columns) -> (new w, new state); the given ones stay as they are."""

    def __call__(self, w: Array, dw: Array, *, state: State, columns: Columns) -> tuple[Array, State]: ...


class Optimizer(NamedTuple):
    """`init`: w -> the state before the first step."""

    init: Callable[[Array], State]
    update: Update


def init_momentum(w: Array) -> State:
    """v = 0."""
    return (averages.start(w),)


def momentum(w: Array, dw: Array, *, state: State, columns: Columns) -> tuple[Array, State]:
    """v = beta1 v + (1 - beta1) dw; w = w - learning_rate v. No bias correction: the first steps are small."""
    v = averages.update(state[0], dw, beta=columns["beta1"])
    return w - columns["learning_rate"].astype(w.dtype) * v.v, (v,)


def init_adam(w: Array) -> State:
    """m = 0, v = 0."""
    return (averages.start(w), averages.start(w))


def adam(w: Array, dw: Array, *, state: State, columns: Columns) -> tuple[Array, State]:
    """w = w - learning_rate m_hat / (sqrt(v_hat) + epsilon), with bias-corrected averages m of dw and v of dw^2.

    Source: Kingma and Ba 2015, algorithm 1: epsilon stands outside the root. Deviation: none.
    """
    m = averages.update(state[0], dw, beta=columns["beta1"])
    v = averages.update(state[1], dw * dw, beta=columns["beta2"])
    root = averages.corrected(v)
    np.sqrt(root, out=root)
    root += columns["epsilon"].astype(w.dtype)
    step = averages.corrected(m)
    step /= root
    step *= columns["learning_rate"].astype(w.dtype)
    return w - step, (m, v)


OPTIMIZERS: Mapping[str, Optimizer] = {
    "adam": Optimizer(init_adam, adam),
    "momentum": Optimizer(init_momentum, momentum),
}
