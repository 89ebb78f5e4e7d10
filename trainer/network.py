"""Dense networks, K of one architecture at once.

Notation: K networks, B examples, D inputs, C outputs, P params and M moments per network.
a[0] = x; z[n] = a[n-1] w[n] + b[n], or batch_norm(a[n-1] w[n]); a[n] = g(z[n]). The last layer has a bias, neither
normalises nor bends, and its z are the logits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from trainer import averages
from trainer.activations import ACTIVATIONS
from trainer.architecture import Architecture
from trainer.arrays import Array, flat_size, views
from trainer.averages import Average
from trainer.costs import OUTPUTS
from trainer.initialisation import weights
from trainer.layers import folded
from trainer.memory import Memory, classes_first, fresh
from trainer.streams import Purpose, stream


@dataclass(frozen=True)
class Networks:
    """K networks: params (K, 1, P), and for test time the averages (K, 1, M) of the moments of their batches."""

    architecture: Architecture
    params: Array
    moments: Average


def init(
    architecture: Architecture,
    seeds: Sequence[int],
    *,
    initialisations: Sequence[str] | None = None,
    dtype: DTypeLike = np.float32,
) -> Networks:
    """One network per seed, its weights drawn from its own stream in float64 and then rounded to dtype."""
    each = initialisations or ["auto"] * len(seeds)
    drawn = [_initial_params(architecture, seed, name) for seed, name in zip(seeds, each, strict=True)]
    no_moments = np.zeros((len(seeds), 1, flat_size(architecture.moment_shapes)), dtype)
    return Networks(architecture, np.concatenate(drawn).astype(dtype), averages.start(no_moments))


def keep(networks: Networks, indices: Sequence[int]) -> Networks:
    """These networks alone, in this order."""
    return Networks(networks.architecture, networks.params[list(indices)], averages.keep(networks.moments, indices))


def logits_at_test_time(networks: Networks, x: Array, *, memory: Memory = fresh) -> Array:
    """Logits (K, B, C) for x (B, D), the same for all networks, or (K, B, D); B may be 1.

    Raises ValueError for networks with batch normalisation that have not seen a batch: they know no moments yet.
    """
    return apply(networks.architecture, dense_at_test_time(networks), x, memory=memory)


def apply(
    architecture: Architecture, layers: Sequence[tuple[Array, Array]], x: Array, *, memory: Memory = fresh
) -> Array:
    """Logits (K, B, C) of dense layers (w, b), each followed by the activation but the last."""
    a = x
    n_networks = len(layers[0][0])
    for w, b in layers[:-1]:
        a = np.matmul(a, w, out=memory((n_networks, x.shape[-2], w.shape[2]), x.dtype))
        a += b
        a, _ = ACTIVATIONS[architecture.activation](a, memory)
    w, b = layers[-1]
    z = np.matmul(a, w, out=classes_first(memory)((n_networks, x.shape[-2], w.shape[2]), x.dtype))
    z += b
    return z


def dense_at_test_time(networks: Networks) -> list[tuple[Array, Array]]:
    """Weights (K, I, O) and bias (K, 1, O) of every layer, batch normalisation folded into them."""
    architecture = networks.architecture
    params = views(networks.params, architecture.param_shapes)
    if architecture.has_batch_norm:
        params |= views(averages.corrected(networks.moments), architecture.moment_shapes)
    return [_dense(architecture, params, n=n) for n in [*architecture.hidden_layers, architecture.output_layer]]


def _dense(architecture: Architecture, params: Mapping[str, Array], *, n: int) -> tuple[Array, Array]:
    """Weights and bias of layer n; moments stand among the params."""
    if not architecture.has_batch_norm or n == architecture.output_layer:
        return params[f"w[{n}]"], params[f"b[{n}]"]
    moments = params[f"mu[{n}]"], params[f"sigma2[{n}]"]
    return folded(params[f"w[{n}]"], params[f"gamma[{n}]"], params[f"beta[{n}]"], moments=moments)


def predict(networks: Networks, x: Array) -> Array:
    """y_hat (K, B, C) for x (B, D), normalised as the training set was: probabilities, or numbers."""
    return OUTPUTS[networks.architecture.output].predict(logits_at_test_time(networks, x))


def _initial_params(architecture: Architecture, seed: int, initialisation: str) -> NDArray[np.float64]:
    """(1, 1, P): drawn weights, gammas of 1, betas and biases of 0."""
    params = np.zeros((1, 1, architecture.n_params))
    rng = stream(seed, Purpose.WEIGHTS)
    for name, array in views(params, architecture.param_shapes).items():
        if name.startswith("w"):
            array[0] = weights(rng, *array.shape[1:], initialisation=initialisation, activation=architecture.activation)
        elif name.startswith("gamma"):
            array[0] = 1
    return params
