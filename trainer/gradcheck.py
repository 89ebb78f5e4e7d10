"""Checking gradients numerically, in float64, for K networks at once.

Notation: K networks, B examples. A check compares a gradient with the two-sided difference
(cost(w + step) - cost(w - step)) / 2 step of every number w, by ||a - b|| / (||a|| + ||b||).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from trainer.arrays import Array, Labels, flatten, views
from trainer.blocks import before_activation
from trainer.layers import relu
from trainer.network import Networks, cost_and_gradient

STEP = 1e-5
TOLERANCE = 1e-7
"""At most this far may a right gradient be from the numerical one."""

Cost = Callable[[Mapping[str, Array]], Array]
"""Arrays by name, each (K, R, C) -> the cost (K,) of every network."""


def numerical_gradient(cost: Cost, arrays: Mapping[str, Array], *, step: float = STEP) -> dict[str, Array]:
    """The two-sided difference for every number of every array; each moves in all networks at once."""
    gradients = {name: np.zeros_like(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        for place in np.ndindex(array.shape[1:]):
            above, below = array.copy(), array.copy()
            above[:, *place] += step
            below[:, *place] -= step
            difference = cost({**arrays, name: above}) - cost({**arrays, name: below})
            gradients[name][:, *place] = difference / (2 * step)
    return gradients


def relative_difference(a: Array, b: Array) -> float:
    """||a - b|| / (||a|| + ||b||) over each network, the largest of them; 0 where both are 0. Shapes: (K, R, C)."""
    rows = [array.reshape(len(array), -1) for array in (a - b, a, b)]
    difference, norm_a, norm_b = (np.linalg.norm(row, axis=1) for row in rows)
    total = norm_a + norm_b
    return float(np.max(difference / np.where(total == 0, 1, total)))


def differences(cost: Cost, arrays: Mapping[str, Array], gradients: Mapping[str, Array]) -> dict[str, float]:
    """Name -> how far a gradient is from the numerical one."""
    numerical = numerical_gradient(cost, arrays)
    return {name: relative_difference(gradients[name], numerical[name]) for name in arrays}


def check(networks: Networks, x: Array, y: Labels, *, l2: Array) -> dict[str, float]:
    """`differences` for every param of whole networks at training time.

    Raises ValueError for arrays that are not float64, and for inputs that lie near a kink of a ReLU, where the cost
    has no derivative and a difference says nothing: draw others.
    """
    if networks.params.dtype != np.float64 or x.dtype != np.float64:
        raise ValueError("Gradients are checked in float64; float32 has too few digits for a difference.")
    if distance_to_kink(networks, x) < 100 * STEP:
        raise ValueError("These inputs lie too near a kink of a ReLU; draw others.")
    shapes = networks.architecture.param_shapes
    _, gradient, _ = cost_and_gradient(networks, x, y, l2=l2)

    def cost(params: Mapping[str, Array]) -> Array:
        moved = replace(networks, params=flatten(params, shapes, like=networks.params))
        return cost_and_gradient(moved, x, y, l2=l2)[0]

    return differences(cost, views(networks.params, shapes), views(gradient, shapes))


def distance_to_kink(networks: Networks, x: Array) -> float:
    """The smallest |z| before any ReLU, over all networks and examples; infinite without hidden layers."""
    architecture = networks.architecture
    params = views(networks.params, architecture.param_shapes)
    a, distance = x, np.inf
    for n in architecture.hidden_layers:
        z, _, _ = before_activation(architecture, params, a, n=n)
        a, _ = relu(z)
        distance = min(distance, float(np.abs(z).min()))
    return distance
