"""How a gradient becomes a step, by name.

Notation: K networks, P params each. w, dw (K, 1, P): params and their gradient; every hyperparameter is a column
(K, 1, 1), so that each network has its own. A step overwrites w, the totals of the averages, and dw.
The averages of the gradient and of its square are totals with weights, as in trainer.averages: with
m = (1 - beta1) total1 and v = (1 - beta2) total2. All factors that are one number per network are gathered into
`rates`, computed in float64 for all steps of an epoch at once; so a step is a few passes over long arrays.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from trainer.arrays import Array
from trainer.memory import Memory

Columns = Mapping[str, Array]
"""Name -> its value in each network, (K, 1, 1); as rates of T steps, (T, K, 1, 1)."""


class Optimizer(NamedTuple):
    """`averages`: the names of the betas of its averages. `rates`: hyperparameters and weights of the averages -> the
    factors of a step. `step` takes them, and writes the new w and totals over the old.
    """

    averages: tuple[str, ...]
    rates: Callable[[Columns, Sequence[Array]], Columns]
    step: Callable[[Array, Array, Sequence[Array], Columns, Memory], None]


def _descent_rates(columns: Columns, weights: Sequence[Array]) -> Columns:
    return {"size": columns["learning_rate"]}


def gradient_descent(w: Array, dw: Array, totals: Sequence[Array], rates: Columns, memory: Memory) -> None:
    """w = w - learning_rate dw."""
    dw *= rates["size"]
    w -= dw


def _momentum_rates(columns: Columns, weights: Sequence[Array]) -> Columns:
    return {"beta1": columns["beta1"], "size": columns["learning_rate"] * (1 - columns["beta1"])}


def _classical_rates(columns: Columns, weights: Sequence[Array]) -> Columns:
    return {"beta1": columns["beta1"], "size": columns["learning_rate"]}


def momentum(w: Array, dw: Array, totals: Sequence[Array], rates: Columns, memory: Memory) -> None:
    """v = beta1 v + (1 - beta1) dw; w = w - learning_rate v. No bias correction: the first steps are small.

    The classical variant has v = beta1 v + dw, a step 1 / (1 - beta1) times as large.
    Source: Polyak 1964; with 1 - beta1 as in the course.
    """
    (v,) = totals
    v *= rates["beta1"]
    v += dw
    w -= np.multiply(v, rates["size"], out=dw)


def _rmsprop_rates(columns: Columns, weights: Sequence[Array]) -> Columns:
    root = np.sqrt(1 - columns["beta2"])
    return {
        "beta2": columns["beta2"],
        "size": columns["learning_rate"] / root,
        "epsilon": columns["epsilon"] / root,
    }


def rmsprop(w: Array, dw: Array, totals: Sequence[Array], rates: Columns, memory: Memory) -> None:
    """s = beta2 s + (1 - beta2) dw^2; w = w - learning_rate dw / (sqrt(s) + epsilon).

    Source: Tieleman and Hinton 2012. Deviation: epsilon stands outside the root, as in Adam.
    """
    (s,) = totals
    square = np.multiply(dw, dw, out=memory(dw.shape, dw.dtype))
    s *= rates["beta2"]
    s += square
    root = np.sqrt(s, out=square)
    root += rates["epsilon"]
    dw /= root
    dw *= rates["size"]
    w -= dw


def _adam_rates(columns: Columns, weights: Sequence[Array]) -> Columns:
    root = np.sqrt(weights[1])
    return {
        "beta1": columns["beta1"],
        "beta2": columns["beta2"],
        "size": columns["learning_rate"] * root / weights[0],
        "epsilon": columns["epsilon"] * root,
    }


def adam(w: Array, dw: Array, totals: Sequence[Array], rates: Columns, memory: Memory) -> None:
    """w = w - learning_rate m_hat / (sqrt(v_hat) + epsilon), with bias-corrected averages m of dw and v of dw^2.

    Source: Kingma and Ba 2015, algorithm 1: epsilon stands outside the root. Deviation: none; m_hat is
    total1 / weight1, v_hat is total2 / weight2, and the fraction is multiplied by sqrt(weight2) above and below.
    """
    m, v = totals
    m *= rates["beta1"]
    m += dw
    v *= rates["beta2"]
    v += np.multiply(dw, dw, out=dw)
    root = np.sqrt(v, out=dw)
    root += rates["epsilon"]
    step = np.divide(m, root, out=root)
    step *= rates["size"]
    w -= step


OPTIMIZERS: Mapping[str, Optimizer] = {
    "adam": Optimizer(("beta1", "beta2"), _adam_rates, adam),
    "momentum": Optimizer(("beta1",), _momentum_rates, momentum),
    "classical_momentum": Optimizer(("beta1",), _classical_rates, momentum),
    "rmsprop": Optimizer(("beta2",), _rmsprop_rates, rmsprop),
    "gradient_descent": Optimizer((), _descent_rates, gradient_descent),
}
