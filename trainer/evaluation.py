"""How good K networks are on a part of the data, at test time.

Notation: K networks, N examples, D inputs.
"""

import math

import numpy as np

from trainer.arrays import Array, Labels
from trainer.costs import cross_entropies
from trainer.network import Networks, logits_at_test_time

EXAMPLES_AT_ONCE = 256
"""Fixed, and not fitted to the size of the stack: a product of another shape may round otherwise."""


def evaluate(networks: Networks, x: Array, y: Labels) -> list[dict[str, float]]:
    """Per network its cost (mean cross-entropy, without penalties), accuracy and error (1 - accuracy).

    Shapes: x (N, D), y (N,), the same for all. All three are NaN if the cost is not finite: the network diverged.
    """
    costs, hits = np.zeros(len(networks.params)), np.zeros(len(networks.params))
    x = x.astype(networks.params.dtype, copy=False)
    # A diverged network overflows here too; its cost says so.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for start in range(0, len(y), EXAMPLES_AT_ONCE):
            batch = slice(start, start + EXAMPLES_AT_ONCE)
            batch_costs, batch_hits = _sums(networks, x[batch], y[batch])
            costs += batch_costs
            hits += batch_hits
    return [_metrics(float(cost), float(hit)) for cost, hit in zip(costs / len(y), hits / len(y), strict=True)]


def _sums(networks: Networks, x: Array, y: Labels) -> tuple[Array, Labels]:
    """The sum of the costs, and the number of examples whose class has the largest logit, (K,) each."""
    z = logits_at_test_time(networks, x)
    losses = cross_entropies(z, np.broadcast_to(y, z.shape[:2])).astype(np.float64)
    return losses.sum(axis=1), (z.argmax(axis=2) == y).sum(axis=1)


def _metrics(cost: float, accuracy: float) -> dict[str, float]:
    if not math.isfinite(cost):
        return {"cost": math.nan, "accuracy": math.nan, "error": math.nan}
    return {"cost": cost, "accuracy": accuracy, "error": 1 - accuracy}
