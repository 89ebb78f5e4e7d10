"""Checking gradients numerically, in float64, for K networks at once.

Notation: K networks, B examples. A check compares a gradient with the two-sided difference
(cost(w + step) - cost(w - step)) / 2 step of every number w, by ||a - b|| / (||a|| + ||b||).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from trainer import costs
from trainer.arrays import Array, flatten, views
from trainer.blocks import Place, before_activation, hidden_layer
from trainer.network import Networks, forward
from trainer.penalties import Penalty

STEP = 1e-5
TOLERANCE = 1e-7
"""At most this far may a right gradient be from the numerical one."""

NOTHING = 1e-8
"""Norms below it count as 0: a difference of costs near 1 is rounded by 1e-16, and divided by a step of 1e-5."""

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
    """||a - b|| / (||a|| + ||b||) of each network, the largest of them; 0 where both are nothing. Shapes: (K, R, C)."""
    rows = [array.reshape(len(array), -1) for array in (a - b, a, b)]
    difference, norm_a, norm_b = (np.linalg.norm(row, axis=1) for row in rows)
    total = norm_a + norm_b
    return float(np.max(np.where(total < NOTHING, 0, difference / np.where(total == 0, 1, total))))


def differences(
    cost: Cost, arrays: Mapping[str, Array], gradients: Mapping[str, Array], *, step: float = STEP
) -> dict[str, float]:
    """Name -> how far a gradient is from the numerical one."""
    numerical = numerical_gradient(cost, arrays, step=step)
    return {name: relative_difference(gradients[name], numerical[name]) for name in arrays}


def cost_and_gradient(
    networks: Networks, x: Array, y: Array, *, penalty: Penalty, masks: Sequence[Array] = ()
) -> tuple[Array, Array, Array]:
    """At training time: the mean loss of a batch plus its penalties, (K,), its gradient (K, 1, P), and the moments of
    the batch (K, 1, M). Shapes: x (K, B, D); y (K, B, C). This is what an epoch does in place, as values.
    """
    architecture = networks.architecture
    gradient, moments = np.zeros_like(networks.params), np.zeros_like(networks.moments.total)
    place = Place(
        views(networks.params, architecture.param_shapes),
        views(gradient, architecture.param_shapes),
        views(moments, architecture.moment_shapes),
    )
    z, backward = forward(architecture, place, x, masks=masks)
    cost = costs.cost(architecture.output, z, y) + penalty.cost(networks.params, m=x.shape[1])
    backward(costs.gradient(architecture.output, z, y))
    penalty.add_gradient(gradient, networks.params, m=x.shape[1])
    return cost, gradient, moments


def check(
    networks: Networks, x: Array, y: Array, *, penalty: Penalty, masks: Sequence[Array] = (), step: float = STEP
) -> dict[str, float]:
    """`differences` for every param of whole networks at training time.

    Raises ValueError for arrays that are not float64, and for inputs that lie near a kink, where the cost has no
    derivative and a difference says nothing: draw others.
    """
    if networks.params.dtype != np.float64 or x.dtype != np.float64:
        raise ValueError("Gradients are checked in float64; float32 has too few digits for a difference.")
    if distance_to_kink(networks, x, penalty=penalty, masks=masks) < 100 * step:
        raise ValueError("These inputs lie too near a kink of a ReLU or of |w|; draw others.")
    shapes = networks.architecture.param_shapes
    _, gradient, _ = cost_and_gradient(networks, x, y, penalty=penalty, masks=masks)

    def cost(params: Mapping[str, Array]) -> Array:
        moved = replace(networks, params=flatten(params, shapes, like=networks.params))
        return cost_and_gradient(moved, x, y, penalty=penalty, masks=masks)[0]

    return differences(cost, views(networks.params, shapes), views(gradient, shapes), step=step)


def distance_to_kink(networks: Networks, x: Array, *, penalty: Penalty, masks: Sequence[Array] = ()) -> float:
    """The smallest |z| before any ReLU, over all networks and examples, and the smallest |w| that has an L1 penalty;
    infinite where there is no kink.
    """
    architecture, distance = networks.architecture, np.inf
    if penalty.l1.any():
        distance = float(np.abs(networks.params[:, :, : penalty.n_penalised]).min())
    if architecture.activation not in ("relu", "leaky_relu"):
        return distance
    params = views(networks.params, architecture.param_shapes)
    moments = views(np.zeros_like(networks.moments.total), architecture.moment_shapes)
    place, a = Place(params, views(np.zeros_like(networks.params), architecture.param_shapes), moments), x
    for n in architecture.hidden_layers:
        z, _ = before_activation(architecture, place, a, n=n)
        distance = min(distance, float(np.abs(z).min()))
        a, _ = hidden_layer(architecture, place, a, n=n, mask=masks[n - 1] if masks else None)
    return distance
