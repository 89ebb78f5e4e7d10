"""How good K networks are on a part of the data, at test time.

Notation: K networks, N examples, D inputs, C outputs.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from trainer import metrics
from trainer.architecture import Architecture
from trainer.arrays import Array, Targets
from trainer.costs import OUTPUTS
from trainer.memory import Reused
from trainer.network import Networks, apply, dense_at_test_time
from trainer.split import Part
from trainer.targets import NO_SCALE, Scale, targets

EXAMPLES_AT_ONCE = 256
"""Fixed, and not fitted to the size of the stack: a product of another shape may round otherwise."""


def evaluate(
    groups: Sequence[Networks], parts: Mapping[str, Part], *, scale: Scale = NO_SCALE, memory: Reused | None = None
) -> list[dict[str, float]]:
    """Per network, group after group: train_cost, dev_accuracy and so on, for parts by the names train and dev.

    The cost is the mean loss, without penalties; `scale` is that of numbers to predict: the cost is of scaled numbers,
    the other metrics are in their own units. All of a part are NaN if its cost is not finite: the network diverged.
    """
    measured: dict[str, list[float]] = {}
    # A diverged network overflows here too; its cost says so.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        each = logits(groups, [part.x for part in parts.values()], memory=memory or Reused())
        for (name, part), z in zip(parts.items(), each, strict=True):
            found = _measured(groups[0].architecture.output, z, part.y, scale)
            measured |= {f"{name}_{metric}": values.tolist() for metric, values in found.items()}
    return [dict(zip(measured, row, strict=True)) for row in zip(*measured.values(), strict=True)]


def logits(groups: Sequence[Networks], inputs: Sequence[Array], *, memory: Reused) -> list[Array]:
    """z (K, N, C) of all networks for each x (N, D), which is taken in pieces of one size."""
    dtype, n_outputs = groups[0].params.dtype, groups[0].architecture.n_outputs
    n_networks = sum(len(networks.params) for networks in groups)
    each = [np.empty((n_networks, n_outputs, len(x)), dtype).swapaxes(1, 2) for x in inputs]
    first = 0
    for networks in groups:
        last = first + len(networks.params)
        layers = dense_at_test_time(networks)
        for x, z in zip(inputs, each, strict=True):
            _write_logits(networks.architecture, layers, x.astype(dtype, copy=False), z[first:last], memory)
        first = last
    return each


def _write_logits(
    architecture: Architecture, layers: Sequence[tuple[Array, Array]], x: Array, z: Array, memory: Reused
) -> None:
    for start in range(0, len(x), EXAMPLES_AT_ONCE):
        piece = x[start : start + EXAMPLES_AT_ONCE]
        memory.begin((architecture, len(z), len(piece)))
        z[:, start : start + len(piece)] = apply(architecture, layers, piece, memory=memory)


def _measured(output: str, z: Array, y: Targets, scale: Scale) -> Mapping[str, Array]:
    """The cost and the metrics of the task, (K,) each; z (K, N, C) is used up."""
    wanted = targets(output, y, n_classes=z.shape[2], dtype=z.dtype, scale=scale)
    cost = OUTPUTS[output].losses(z, wanted.T).mean(axis=1, dtype=np.float64)
    found = {"cost": cost, **_metrics(output, z, y, scale)}
    return {name: np.where(np.isfinite(cost), values, np.nan) for name, values in found.items()}


def _metrics(output: str, z: Array, y: Targets, scale: Scale) -> Mapping[str, Array]:
    """Those of the task. Hardmax: the predicted class is the one with the largest logit."""
    y_hat = OUTPUTS[output].predict(z)
    if output == "linear":
        return metrics.of_numbers(y_hat[:, :, 0] * scale.sigma + scale.mu, y)
    if output == "sigmoid":
        y_hat = np.concatenate([1 - y_hat, y_hat], axis=2)
    counts = metrics.confusion(y_hat.argmax(axis=2), y, n_classes=y_hat.shape[2])
    return {**metrics.by_class(counts), "auc": metrics.auc(y_hat, y)}
