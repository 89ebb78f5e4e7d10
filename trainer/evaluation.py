"""How good K networks are on a part of the data, at test time.

Notation: K networks, N examples, D inputs, C outputs.
"""

from collections.abc import Mapping

import numpy as np

from trainer import metrics
from trainer.arrays import Array, Targets
from trainer.costs import OUTPUTS
from trainer.memory import Reused
from trainer.network import Networks, apply, dense_at_test_time
from trainer.targets import NO_SCALE, Scale, targets

EXAMPLES_AT_ONCE = 256
"""Fixed, and not fitted to the size of the stack: a product of another shape may round otherwise."""


def evaluate(
    networks: Networks, x: Array, y: Targets, *, scale: Scale = NO_SCALE, memory: Reused | None = None
) -> list[dict[str, float]]:
    """Per network its cost (the mean loss, without penalties), and the metrics of its task.

    Shapes: x (N, D), y (N,), the same for all. `scale` is that of numbers to predict: the cost is of scaled
    numbers, the other metrics are in their own units. All are NaN if the cost is not finite: the network diverged.
    """
    output = networks.architecture.output
    # A diverged network overflows here too; its cost says so.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        z = logits(networks, x, memory=memory or Reused())
        wanted = targets(output, y, n_classes=z.shape[2], dtype=z.dtype, scale=scale)
        cost = OUTPUTS[output].losses(z, wanted.T).mean(axis=1, dtype=np.float64)
        measured = {"cost": cost, **_measured(output, z, y, scale)}
    columns = {name: np.where(np.isfinite(cost), values, np.nan).tolist() for name, values in measured.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def logits(networks: Networks, x: Array, *, memory: Reused) -> Array:
    """z (K, N, C) in memory of its own, that of x (N, D) taken in pieces of one size."""
    x = x.astype(networks.params.dtype, copy=False)
    layers = dense_at_test_time(networks)
    z = np.empty((len(networks.params), networks.architecture.n_outputs, len(x)), x.dtype).swapaxes(1, 2)
    for start in range(0, len(x), EXAMPLES_AT_ONCE):
        piece = x[start : start + EXAMPLES_AT_ONCE]
        memory.begin(("test", len(networks.params), len(piece)))
        z[:, start : start + len(piece)] = apply(networks.architecture, layers, piece, memory=memory)
    return z


def _measured(output: str, z: Array, y: Targets, scale: Scale) -> Mapping[str, Array]:
    """The metrics of the task; z is used up. Hardmax: the predicted class is the one with the largest logit."""
    y_hat = OUTPUTS[output].predict(z)
    if output == "linear":
        return metrics.of_numbers(y_hat[:, :, 0] * scale.sigma + scale.mu, y)
    if output == "sigmoid":
        y_hat = np.concatenate([1 - y_hat, y_hat], axis=2)
    counts = metrics.confusion(y_hat.argmax(axis=2), y, n_classes=y_hat.shape[2])
    return {**metrics.by_class(counts), "auc": metrics.auc(y_hat, y)}
