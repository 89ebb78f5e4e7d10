"""Checking gradients numerically, in float64, for K networks at once.

Notation: K networks, B examples. A check compares a gradient with the two-sided difference
(cost(w + step) - cost(w - step)) / 2 step of every number w, by ||a - b|| / (||a|| + ||b||).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from trainer import costs
from trainer.arrays import Array, flatten, views
from trainer.blocks import LayerParams, before_activation, forward, hidden_layer, params_of
from trainer.lanes import lanes_of
from trainer.moments import group_by_group
from trainer.network import Networks
from trainer.penalties import Penalty
from trainer.workspace import Workspace

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
    architecture, gradient = networks.architecture, np.zeros_like(networks.params)
    work, layers, rows = _laid_out(networks, gradient, x, masks)
    backward = forward(layers, work, activation=architecture.activation, masks=rows)
    cost = costs.cost(architecture.output, work.output.z, y) + penalty.cost(networks.params, m=x.shape[1])
    costs.gradient(architecture.output, work.output.z, y)
    backward()
    penalty.add_gradient(gradient, networks.params, m=x.shape[1])
    [average] = group_by_group([layer.moments for layer in work.hidden], [(architecture, networks.moments)], n_steps=1)
    return cost, gradient, average.total


def logits_at_training_time(networks: Networks, x: Array, *, masks: Sequence[Array] = ()) -> Array:
    """Logits (K, B, C) of a batch x (K, B, D), normalised by its own moments."""
    work, layers, rows = _laid_out(networks, np.zeros_like(networks.params), x, masks)
    forward(layers, work, activation=networks.architecture.activation, masks=rows)
    return work.output.z


def _laid_out(
    networks: Networks, gradient: Array, x: Array, masks: Sequence[Array]
) -> tuple[Workspace, list[LayerParams], list[Array]]:
    """Networks and a batch as a stack of one group has them: a workspace, its layers of params, masks as rows."""
    architecture, groups = networks.architecture, [(networks.architecture, len(x))]
    work = Workspace(groups, x.shape[1], networks.params.dtype, has_dropout=bool(masks))
    work.x[...] = x
    params, gradients = (views(flat, architecture.param_shapes) for flat in (networks.params, gradient))
    rows = [lanes.row(x.shape[1], x.dtype) for lanes in lanes_of(groups)] if masks else []
    for mask, row, lanes in zip(masks, rows, lanes_of(groups), strict=bool(masks)):
        lanes.parts(row)[0][...] = mask
    return work, params_of([architecture], [params], [gradients]), rows


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
    work, layers, rows = _laid_out(networks, np.zeros_like(networks.params), x, masks)
    each_lanes = lanes_of([(architecture, len(x))])
    for n, (own, hidden, lanes) in enumerate(zip(layers, work.hidden, each_lanes, strict=False)):
        z, _ = before_activation(own, hidden)
        distance = min(distance, float(np.abs(lanes.parts(z)[0]).min()))
        hidden_layer(own, hidden, activation=architecture.activation, mask=rows[n] if rows else None)
    return distance
