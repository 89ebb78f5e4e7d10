"""One pass over the training set, for all members of a stack: the loop where the time goes.

Notation: K networks, N training examples, B of them in a batch, T batches in an epoch, D inputs, C outputs.
The one room with moving furniture: within an epoch, params, averages and all arrays of a step are overwritten in
place. What goes in and what comes out are values.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trainer import averages, costs
from trainer.arrays import Array, views
from trainer.averages import Average
from trainer.batches import Batches, batches_of
from trainer.blocks import Place
from trainer.clipping import clip, norms
from trainer.columns import columns_of
from trainer.memory import Reused
from trainer.network import Networks, forward
from trainer.optimizers import OPTIMIZERS, Columns
from trainer.penalties import Penalty
from trainer.split import Split
from trainer.stack import Stack

MOMENTS_BETA = 0.9
"""How much of the average of past moments batch normalisation keeps at each step."""


def train_epoch(stack: Stack, split: Split, *, memory: Reused | None = None) -> Stack:
    """One pass over the training set, each member in its own order. `memory` may be that of the epoch before."""
    batches = batches_of(stack, split)
    # A network that diverges overflows; its gradient will say so, and its neighbours share no number with it.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        room = _room(stack, n_steps=len(batches.slices), memory=memory or Reused())
        is_finite = _all_steps(room, batches)
    return replace(
        stack,
        networks=Networks(stack.networks.architecture, room.params, room.moments),
        optimizer_state=room.state,
        epochs=tuple(epochs + 1 for epochs in stack.epochs),
        gradient_norms=_norms_by_layer(room),
        diverged_at=_diverged_at(stack, is_finite),
    )


@dataclass(frozen=True, kw_only=True)
class Room:
    """What the steps of an epoch overwrite: copies of a stack's arrays, and its gradient. And what they go by.

    `state` and `moments` have the weights that they will have after the last step; their totals get there step by step.
    `rates` are those of every step, (T, K, 1, 1). `clip_norm` (K, 1, 1) is None where nothing is clipped.
    """

    params: Array
    gradient: Array
    last_gradient: Array
    state: tuple[Average, ...]
    moments: Average
    batch_moments: Array
    place: Place
    rates: Columns
    penalty: Penalty
    clip_norm: Array | None
    stack: Stack
    memory: Reused


def _room(stack: Stack, *, n_steps: int, memory: Reused) -> Room:
    architecture, hparams = stack.networks.architecture, stack.members[0].hparams
    columns = columns_of(stack.members, stack.epochs)
    rates, weights = _rates(stack, columns, n_steps=n_steps)
    params, state = _copied(stack, weights)
    moments = stack.networks.moments
    memory.begin(("epoch", len(stack.members)))
    gradient, last_gradient = (memory(params.shape, params.dtype) for _ in range(2))
    batch_moments = memory(moments.total.shape, params.dtype)
    place = Place(
        views(params, architecture.param_shapes),
        views(gradient, architecture.param_shapes),
        views(batch_moments, architecture.moment_shapes),
    )
    return Room(
        params=params,
        gradient=gradient,
        last_gradient=last_gradient,
        state=state,
        moments=_moved(moments, n_steps=n_steps),
        batch_moments=batch_moments,
        place=place,
        rates=rates,
        penalty=Penalty(columns["l2"], columns["l1"], architecture.n_penalised(with_biases=hparams["penalise_biases"])),
        clip_norm=columns["clip_norm"] if np.isfinite(columns["clip_norm"]).any() else None,
        stack=stack,
        memory=memory,
    )


def _rates(stack: Stack, columns: Columns, *, n_steps: int) -> tuple[Columns, list[Array]]:
    """The optimizer's rates at each of the coming steps, and the weights of its averages, (T, K, 1, 1)."""
    optimizer = OPTIMIZERS[stack.members[0].hparams["optimizer"]]
    weights = [
        averages.coming_weights(average.weight, beta=columns[beta], n_steps=n_steps)
        for average, beta in zip(stack.optimizer_state, optimizer.averages, strict=True)
    ]
    shape, dtype = (n_steps, len(stack.members), 1, 1), stack.networks.params.dtype
    rates = optimizer.rates(columns, weights).items()
    return {name: np.broadcast_to(rate, shape).astype(dtype) for name, rate in rates}, weights


def _copied(stack: Stack, weights: list[Array]) -> tuple[Array, tuple[Average, ...]]:
    """Params and the optimizer's averages, to be overwritten: in one piece of memory, which may have larger pages."""
    params, state = stack.networks.params, stack.optimizer_state
    copies = np.empty((1 + len(state), *params.shape), params.dtype)
    for copy, array in zip(copies, [params, *(average.total for average in state)], strict=True):
        copy[...] = array
    return copies[0], tuple(Average(total, weight[-1]) for total, weight in zip(copies[1:], weights, strict=True))


def _moved(moments: Average, *, n_steps: int) -> Average:
    """A copy of the moments' average, to be overwritten."""
    weights = averages.coming_weights(moments.weight, beta=MOMENTS_BETA, n_steps=n_steps)
    return Average(moments.total.copy(), weights[-1])


def _all_steps(room: Room, batches: Batches) -> NDArray[np.bool_]:
    """Whether the gradient of each step was finite in each network, (T, K)."""
    w, dw, step = room.params, room.gradient, OPTIMIZERS[room.stack.members[0].hparams["optimizer"]].step
    totals = [average.total for average in room.state]
    # Whatever is not finite within a network is not finite in the gradient of its last bias either.
    last_db = room.place.gradients[f"b[{room.stack.networks.architecture.output_layer}]"]
    noted = np.empty((len(batches.slices), len(w), last_db.shape[2]), w.dtype)
    for t in range(len(batches.slices)):
        room.memory.begin((len(w), batches.slices[t].stop - batches.slices[t].start))
        _gradient(room, batches, t)
        noted[t] = last_db[:, 0]
        averages.add(room.moments.total, room.batch_moments, beta=MOMENTS_BETA)
        if t + 1 == len(batches.slices):
            room.last_gradient[...] = dw
        step(w, dw, totals, {name: rate[t] for name, rate in room.rates.items()}, room.memory)
    is_finite: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(noted), axis=2)
    return is_finite


def _gradient(room: Room, batches: Batches, t: int) -> None:
    """Write the gradient of batch t: that of the mean loss, plus those of the penalties, clipped."""
    architecture = room.stack.networks.architecture
    x, y = batches.gathered(t, memory=room.memory)
    masks = batches.masks(t, memory=room.memory)
    z, backward = forward(architecture, room.place, x, masks=masks, memory=room.memory)
    backward(costs.gradient(architecture.output, z, y))
    room.penalty.add_gradient(room.gradient, room.params, m=x.shape[1], memory=room.memory)
    if room.clip_norm is not None:
        clip(room.gradient, limit=room.clip_norm)


def _norms_by_layer(room: Room) -> Array:
    """||dw[n]|| of the last step, (K, layers)."""
    architecture = room.stack.networks.architecture
    gradients = views(room.last_gradient, architecture.param_shapes)
    with np.errstate(over="ignore", invalid="ignore"):
        each = [norms(gradients[f"w[{n}]"])[:, 0, 0] for n in range(1, architecture.output_layer + 1)]
    return np.stack(each, axis=1)


def _diverged_at(stack: Stack, is_finite: NDArray[np.bool_]) -> tuple[int, ...]:
    """The first step of each network whose gradient is not finite, counted over all epochs from 1; else 0."""
    n_steps = len(is_finite)
    first = np.where(is_finite.all(axis=0), 0, is_finite.argmin(axis=0) + 1)
    return tuple(
        earlier or (epochs * n_steps + int(step) if step else 0)
        for earlier, epochs, step in zip(stack.diverged_at, stack.epochs, first, strict=True)
    )
