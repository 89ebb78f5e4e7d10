"""A layer of a stack: products group by group, and everything else on the features of all groups side by side.

Notation: K networks of a group; I inputs and O outputs of the layer. Layer n multiplies what enters it by w[n]; then
come a bias or batch normalisation, an activation, dropout.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from trainer.activations import ACTIVATIONS
from trainer.architecture import Architecture
from trainer.arrays import Array
from trainer.dropout import dropout
from trainer.layers import batch_norm, bias, linear
from trainer.memory import Memory, fresh
from trainer.workspace import HiddenRows, OutputRows, Parts, Workspace

Backward = Callable[[], None]
"""From the gradients in the layer's own rows to those of its params and of what entered it, all written in place."""


class LayerParams(NamedTuple):
    """Layer n of those groups that have it: params, each with the place of its gradient.

    w (K, I, O); shift (K, 1, O) is b, or beta where the layer normalises; scale (K, 1, O) is gamma, nothing elsewhere.
    """

    w: Parts
    dw: Parts
    shift: Parts
    dshift: Parts
    scale: Parts
    dscale: Parts


def params_of(
    architectures: Sequence[Architecture], params: Sequence[dict[str, Array]], gradients: Sequence[dict[str, Array]]
) -> list[LayerParams]:
    """Layer by layer, the output layer last, from what each group has by name."""
    deepest = max(architecture.output_layer for architecture in architectures)
    each = list(zip(architectures, params, gradients, strict=True))
    hidden = [_layer([(n, own, d_own) for one, own, d_own in each if n < one.output_layer]) for n in range(1, deepest)]
    return [*hidden, _layer([(one.output_layer, own, d_own) for one, own, d_own in each])]


def _layer(groups: Sequence[tuple[int, dict[str, Array], dict[str, Array]]]) -> LayerParams:
    """From (n, params, gradients) of each group."""

    def named(*kinds: str) -> tuple[list[Array], list[Array]]:
        found = [(own[name], d[name]) for n, own, d in groups for kind in kinds if (name := f"{kind}[{n}]") in own]
        return [own for own, _ in found], [d for _, d in found]

    return LayerParams(*named("w"), *named("b", "beta"), *named("gamma"))


def before_activation(params: LayerParams, rows: HiddenRows) -> tuple[Array, Backward]:
    """z[n] = batch_norm(a w[n]) or a w[n] + b[n], a row (1, B, W), and the way back from rows.da.

    No bias under batch normalisation: subtracting the mean of the batch would cancel it.
    """
    back_to_w, back_to_x = linear(rows.entering, params.w, y=rows.z_parts, dw=params.dw)
    copy_each(params.shift, to=rows.shift_parts)
    norm_back = bias_back = None
    if rows.has_batch_norm:
        copy_each(params.scale, to=rows.scale_parts)
        out = rows.dscale, rows.dshift, rows.moments[:, :1], rows.moments[:, 1:]
        z, _, norm_back = batch_norm(rows.z, rows.scale, rows.shift, y=rows.a, out=out)
    else:
        z, bias_back = bias(rows.a, rows.shift, db=rows.dshift)

    def backward() -> None:
        if norm_back is not None:
            norm_back(rows.da)
            copy_each(rows.dscale_parts, to=params.dscale)
        elif bias_back is not None:
            bias_back(rows.da)
        copy_each(rows.dshift_parts, to=params.dshift)
        back_to_w(rows.da_parts)
        back_to_x(rows.da_parts, rows.da_below)

    return z, backward


def hidden_layer(
    params: LayerParams, rows: HiddenRows, *, activation: str, mask: Array | None, memory: Memory = fresh
) -> Backward:
    """a[n] = g(z[n]), times the mask of dropout if there is one, in its row; and the way back from rows.da."""
    z, layer_back = before_activation(params, rows)
    a, activation_back = ACTIVATIONS[activation](z, memory)
    dropout_back = dropout(a, mask, out=rows.dropped)[1] if mask is not None else None

    def backward() -> None:
        if dropout_back is not None:
            dropout_back(rows.da)
        activation_back(rows.da)
        layer_back()

    return backward


def output_layer(params: LayerParams, rows: OutputRows) -> Backward:
    """Logits in rows.z, and the way back from their gradients, which are expected there."""
    back_to_w, back_to_x = linear(rows.entering, params.w, y=rows.z_parts, dw=params.dw)
    copy_each(params.shift, to=rows.shift_parts)
    _, bias_back = bias(rows.z, rows.shift, db=rows.dshift)

    def backward() -> None:
        bias_back(rows.z)
        copy_each(rows.dshift_parts, to=params.dshift)
        back_to_w(rows.z_parts)
        back_to_x(rows.z_parts, rows.da_below)

    return backward


def copy_each(arrays: Parts, *, to: Parts) -> None:
    """Write each array over its counterpart: from groups into their lanes, or back."""
    for array, place in zip(arrays, to, strict=True):
        place[...] = array


def forward(
    layers: Sequence[LayerParams], work: Workspace, *, activation: str, masks: Sequence[Array] = ()
) -> Backward:
    """All layers, from the batch in work.x to the logits in work.output.z; and the whole way back, from the gradients
    of the logits in the same place. `masks` are those of dropout, one row per hidden layer, or none.
    """
    ways_back = []
    for n, (own, rows) in enumerate(zip(layers[:-1], work.hidden, strict=True)):
        mask = masks[n] if masks else None
        ways_back.append(hidden_layer(own, rows, activation=activation, mask=mask, memory=work.memory))
    ways_back.append(output_layer(layers[-1], work.output))

    def backward() -> None:
        for layer_back in reversed(ways_back):
            layer_back()

    return backward
