"""Dense networks for classification, K of one architecture at once.

Notation: K networks, B examples, D inputs, C classes, P params and M moments per network.
a[0] = x; z[n] = a[n-1] w[n] + b[n], or batch_norm(a[n-1] w[n]); a[n] = relu(z[n]). The last layer has a bias, neither
normalises nor bends, and its z are the logits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from trainer import averages
from trainer.architecture import Architecture
from trainer.arrays import Array, Labels, flat_size, flatten, views
from trainer.averages import Average
from trainer.blocks import Arrays, before_activation, biased
from trainer.costs import l2_penalty, softmax, softmax_cross_entropy
from trainer.initialisation import he
from trainer.layers import folded, relu
from trainer.streams import Purpose, stream


@dataclass(frozen=True)
class Networks:
    """K networks: params (K, 1, P), and for test time the averages (K, 1, M) of the moments of their batches."""

    architecture: Architecture
    params: Array
    moments: Average


def init(architecture: Architecture, seeds: Sequence[int], *, dtype: DTypeLike = np.float32) -> Networks:
    """One network per seed, its weights drawn from its own stream in float64 and then rounded to dtype."""
    params = np.concatenate([_initial_params(architecture, seed) for seed in seeds]).astype(dtype)
    no_moments = np.zeros((len(seeds), 1, flat_size(architecture.moment_shapes)), dtype)
    return Networks(architecture, params, averages.start(no_moments))


def keep(networks: Networks, indices: Sequence[int]) -> Networks:
    """These networks alone, in this order."""
    return Networks(networks.architecture, networks.params[list(indices)], averages.keep(networks.moments, indices))


def cost_and_gradient(networks: Networks, x: Array, y: Labels, *, l2: Array) -> tuple[Array, Array, Array]:
    """At training time: the mean cross-entropy of a batch, plus lambda / 2m * ||w||^2 of every w, with m = B.

    Shapes: x (K, B, D); y (K, B); l2 = lambda (K, 1, 1).
    Returns cost (K,), its gradient (K, 1, P), and the moments (K, 1, M) of the batch.
    """
    architecture = networks.architecture
    params = views(networks.params, architecture.param_shapes)
    z, moments, backward = forward(architecture, params, x)
    cost, cost_back = softmax_cross_entropy(z, y)
    gradients = backward(cost_back())
    for name in architecture.weight_names:
        penalty, dw = l2_penalty(params[name], l2=l2, m=x.shape[1])
        cost += penalty
        gradients[name] += dw
    return (
        cost,
        flatten(gradients, architecture.param_shapes, like=networks.params),
        flatten(moments, architecture.moment_shapes, like=networks.moments.v),
    )


def forward(architecture: Architecture, params: Arrays, x: Array) -> tuple[Array, Arrays, Callable[[Array], Arrays]]:
    """At training time: logits (K, B, C), the moments of the batch by name, and backward: dz -> gradients by name."""
    a, ways_back = x, []
    moments: Arrays = {}
    for n in architecture.hidden_layers:
        z, layer_moments, layer_back = before_activation(architecture, params, a, n=n)
        a, relu_back = relu(z)
        moments |= layer_moments
        ways_back.append((layer_back, relu_back))
    logits, output_back = biased(params, a, n=architecture.output_layer)

    def backward(dz: Array) -> Arrays:
        da, gradients = output_back(dz)
        for layer_back, relu_back in reversed(ways_back):
            da, layer_gradients = layer_back(relu_back(da))
            gradients |= layer_gradients
        return gradients

    return logits, moments, backward


def logits_at_test_time(networks: Networks, x: Array) -> Array:
    """Logits (K, B, C) for x (B, D), the same for all networks, or (K, B, D); B may be 1.

    Raises ValueError for networks with batch normalisation that have not seen a batch: they know no moments yet.
    """
    architecture = networks.architecture
    params = views(networks.params, architecture.param_shapes)
    if architecture.has_batch_norm:
        params |= views(averages.corrected(networks.moments), architecture.moment_shapes)
    a = x
    for n in architecture.hidden_layers:
        w, b = _dense_at_test_time(architecture, params, n=n)
        a = a @ w
        a += b
        np.maximum(a, 0, out=a)
    return biased(params, a, n=architecture.output_layer)[0]


def predict(networks: Networks, x: Array) -> Array:
    """Probabilities (K, B, C) for x (B, D), normalised as the training set was."""
    return softmax(logits_at_test_time(networks, x))


def _dense_at_test_time(architecture: Architecture, params: Arrays, *, n: int) -> tuple[Array, Array]:
    """Weights (K, I, O) and bias (K, 1, O) of hidden layer n; moments stand among the params."""
    if not architecture.has_batch_norm:
        return params[f"w[{n}]"], params[f"b[{n}]"]
    moments = params[f"mu[{n}]"], params[f"sigma2[{n}]"]
    return folded(params[f"w[{n}]"], params[f"gamma[{n}]"], params[f"beta[{n}]"], moments=moments)


def _initial_params(architecture: Architecture, seed: int) -> NDArray[np.float64]:
    """(1, 1, P): He weights, gammas of 1, betas and biases of 0."""
    params = np.zeros((1, 1, flat_size(architecture.param_shapes)))
    rng = stream(seed, Purpose.WEIGHTS)
    for name, array in views(params, architecture.param_shapes).items():
        if name.startswith("w"):
            array[0] = he(rng, *array.shape[1:])
        elif name.startswith("gamma"):
            array[0] = 1
    return params
