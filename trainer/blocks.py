"""A layer up to its activation: a product with weights, then a bias or batch normalisation. With the way back.

Notation: K networks, B examples. a (K, B, I) enters layer n, z (K, B, O) leaves it. Params and gradients go by their
names in the architecture: w[n], b[n], gamma[n], beta[n].
"""

from collections.abc import Callable

from trainer.architecture import Architecture
from trainer.arrays import Array
from trainer.layers import batch_norm, bias, linear

Arrays = dict[str, Array]
Backward = Callable[[Array], tuple[Array, Arrays]]
"""dz -> (da, the gradients of the layer's params by name)."""


def before_activation(
    architecture: Architecture, params: Arrays, a: Array, *, n: int
) -> tuple[Array, Arrays, Backward]:
    """z of hidden layer n at training time, with the moments of this batch by name; none if it does not normalise."""
    if architecture.has_batch_norm:
        return normalised(params, a, n=n)
    z, backward = biased(params, a, n=n)
    return z, {}, backward


def biased(params: Arrays, a: Array, *, n: int) -> tuple[Array, Backward]:
    """z = a w[n] + b[n]."""
    y, linear_back = linear(a, params[f"w[{n}]"])
    z, bias_back = bias(y, params[f"b[{n}]"])

    def backward(dz: Array) -> tuple[Array, Arrays]:
        dy, db = bias_back(dz)
        da, dw = linear_back(dy)
        return da, {f"w[{n}]": dw, f"b[{n}]": db}

    return z, backward


def normalised(params: Arrays, a: Array, *, n: int) -> tuple[Array, Arrays, Backward]:
    """z = batch_norm(a w[n]) with gamma[n], beta[n]. No bias: subtracting the mean of the batch would cancel it."""
    y, linear_back = linear(a, params[f"w[{n}]"])
    z, (mu, sigma2), norm_back = batch_norm(y, params[f"gamma[{n}]"], params[f"beta[{n}]"])

    def backward(dz: Array) -> tuple[Array, Arrays]:
        dy, dgamma, dbeta = norm_back(dz)
        da, dw = linear_back(dy)
        return da, {f"w[{n}]": dw, f"gamma[{n}]": dgamma, f"beta[{n}]": dbeta}

    return z, {f"mu[{n}]": mu, f"sigma2[{n}]": sigma2}, backward
