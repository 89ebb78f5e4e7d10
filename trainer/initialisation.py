"""Initial weights by name. Biases and the beta of batch normalisation start at 0, its gamma at 1.

Notation: I inputs, O outputs of a layer. Weights are normal with mean 0; the names say their variance.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

VARIANCES: Mapping[str, Callable[[int, int], float]] = {
    # He et al. 2015, equation 10: keeps the scale of activations under ReLU, which cuts half of them off.
    "he": lambda n_inputs, n_outputs: 2 / n_inputs,
    # The course's Xavier: keeps the scale of activations that are nearly linear around 0, such as tanh.
    "xavier": lambda n_inputs, n_outputs: 1 / n_inputs,
    # Glorot and Bengio 2010, equation 12: keeps the scale of activations and of gradients as nearly as both can be.
    "glorot": lambda n_inputs, n_outputs: 2 / (n_inputs + n_outputs),
}

BY_ACTIVATION: Mapping[str, str] = {
    "relu": "he",
    "leaky_relu": "he",
    "tanh": "xavier",
    "sigmoid": "xavier",
    "linear": "xavier",
}
"""What `auto` stands for."""


def weights(
    rng: np.random.Generator, n_inputs: int, n_outputs: int, *, initialisation: str, activation: str
) -> NDArray[np.float64]:
    """(I, O), drawn from rng; `auto` takes what suits the activation of the hidden layers."""
    name = BY_ACTIVATION[activation] if initialisation == "auto" else initialisation
    return rng.normal(0.0, math.sqrt(VARIANCES[name](n_inputs, n_outputs)), (n_inputs, n_outputs))
