"""Initial weights. Biases and the beta of batch normalisation start at 0, its gamma at 1."""

import math

import numpy as np
from numpy.typing import NDArray


def he(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> NDArray[np.float64]:
    """Normal with mean 0 and variance 2 / n_inputs, (n_inputs, n_outputs): keeps the scale of activations under ReLU.

    Source: He et al. 2015, equation 10.
    """
    return rng.normal(0.0, math.sqrt(2 / n_inputs), (n_inputs, n_outputs))
