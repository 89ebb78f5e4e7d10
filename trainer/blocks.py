"""A hidden layer: a product with weights, a bias or batch normalisation, an activation, dropout. With the way back.

Notation: K networks, B examples. a (K, B, I) enters layer n, z (K, B, O) stands before its activation. Params,
gradients and moments go by their names in the architecture: w[n], b[n], gamma[n], beta[n], mu[n], sigma2[n].
"""

from collections.abc import Callable
from typing import NamedTuple

from trainer.activations import ACTIVATIONS
from trainer.architecture import Architecture
from trainer.arrays import Array
from trainer.dropout import dropout
from trainer.layers import batch_norm, bias, linear
from trainer.memory import Memory, classes_first, fresh

Arrays = dict[str, Array]
Backward = Callable[[Array], Array | None]
"""dz or da -> the gradient of what entered the layer, None for the first; gradients of params are written."""


class Place(NamedTuple):
    """The params of K networks by name, and where the gradients of them and the moments of the batch are written."""

    params: Arrays
    gradients: Arrays
    moments: Arrays


def before_activation(
    architecture: Architecture, place: Place, a: Array, *, n: int, memory: Memory = fresh
) -> tuple[Array, Backward]:
    """z[n] = batch_norm(a w[n]) or a w[n] + b[n], and backward: dz -> da.

    No bias under batch normalisation: subtracting the mean of the batch would cancel it.
    """
    params, gradients, moments = place
    w, dw = params[f"w[{n}]"], gradients[f"w[{n}]"]
    y = (classes_first(memory) if n == architecture.output_layer else memory)((*a.shape[:2], w.shape[2]), a.dtype)
    y, back_to_w, back_to_x = linear(a, w, y=y, dw=dw, memory=memory)
    if architecture.has_batch_norm and n in architecture.hidden_layers:
        out = gradients[f"gamma[{n}]"], gradients[f"beta[{n}]"], moments[f"mu[{n}]"], moments[f"sigma2[{n}]"]
        z, _, norm_back = batch_norm(y, params[f"gamma[{n}]"], params[f"beta[{n}]"], out=out, memory=memory)
    else:
        z, bias_back = bias(y, params[f"b[{n}]"], db=gradients[f"b[{n}]"])
        norm_back = None

    def backward(dz: Array) -> Array | None:
        if norm_back is not None:
            dz = norm_back(dz)[0]
        else:
            bias_back(dz)
        back_to_w(dz)
        return back_to_x(dz) if n > 1 else None

    return z, backward


def hidden_layer(
    architecture: Architecture, place: Place, a: Array, *, n: int, mask: Array | None, memory: Memory = fresh
) -> tuple[Array, Backward]:
    """a[n] = g(z[n]), times the mask of dropout if there is one, and backward: da[n] -> da[n-1]."""
    z, layer_back = before_activation(architecture, place, a, n=n, memory=memory)
    a, activation_back = ACTIVATIONS[architecture.activation](z, memory)
    if mask is None:
        return a, lambda da: layer_back(activation_back(da))
    a, dropout_back = dropout(a, mask, memory=memory)
    return a, lambda da: layer_back(activation_back(dropout_back(da)))
