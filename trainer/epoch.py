"""One pass over the training set, for all members of a stack: the loop where the time goes.

Notation: K networks, of a group or of the stack; B examples of a batch, T batches in an epoch, P params of a network.
The one room with moving furniture: within an epoch, params, averages and all arrays of a step are overwritten in
place. What goes in and what comes out are values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer import averages, costs, moments
from trainer.architecture import Architecture
from trainer.arrays import Array, views
from trainer.averages import Average
from trainer.batches import Batches, batches_of
from trainer.blocks import LayerParams, forward, params_of
from trainer.clipping import clip, norms
from trainer.columns import columns_of
from trainer.group import Group
from trainer.memory import Memory
from trainer.network import Networks
from trainer.optimizers import OPTIMIZERS, Columns, Optimizer
from trainer.penalties import Penalty
from trainer.rates import Coming, coming_of
from trainer.split import Split
from trainer.stack import Stack
from trainer.workspace import Workspace, Workspaces


def train_epoch(stack: Stack, split: Split, *, workspaces: Workspaces | None = None) -> Stack:
    """One pass over the training set, each member in its own order. `workspaces` may be those of the epoch before."""
    batches = batches_of(stack, split)
    # A network that diverges overflows; its gradient will say so, and its neighbours share no number with it.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        room = _room(stack, n_steps=len(batches.slices))
        is_finite = _all_steps(room, batches, workspaces or Workspaces())
        groups = _groups_after(room, n_steps=len(batches.slices))
    return replace(
        stack,
        groups=groups,
        epochs=tuple(epochs + 1 for epochs in stack.epochs),
        diverged_at=_diverged_at(stack, is_finite),
    )


@dataclass(frozen=True, kw_only=True)
class GroupArrays:
    """What the steps of an epoch overwrite of one group, and what they go by.

    `state` has the weights that it will have after the last step; its totals get there step by step. `rates` are those
    of every step, (T, K, 1, 1). `clip_norm` (K, 1, 1) is None where nothing is clipped.
    """

    group: Group
    params: Array
    gradient: Array
    last_gradient: Array
    state: tuple[Average, ...]
    optimizer: Optimizer
    rates: Columns
    n_steps: int
    penalty: Penalty
    clip_norm: Array | None


@dataclass(frozen=True, kw_only=True)
class Room:
    """The arrays of all groups, and what lies side by side: layers of params, and totals of moments (1, 2, W)."""

    of_groups: Sequence[GroupArrays]
    layers: Sequence[LayerParams]
    moments: Sequence[Array]


def _room(stack: Stack, *, n_steps: int) -> Room:
    columns = columns_of(stack.members, stack.epochs)
    each = zip(stack.groups, stack.slices(), coming_of(stack, columns, n_steps=n_steps), strict=True)
    of_groups = [
        _arrays_of(group, stack.members[part.start].hparams, {name: own[part] for name, own in columns.items()}, coming)
        for group, part, coming in each
    ]
    architectures = [group.networks.architecture for group in stack.groups]
    params, gradients = (
        [views(getattr(arrays, name), one.param_shapes) for arrays, one in zip(of_groups, architectures, strict=True)]
        for name in ("params", "gradient")
    )
    return Room(
        of_groups=of_groups,
        layers=params_of(architectures, params, gradients),
        moments=moments.side_by_side(_moments_of(stack.groups)),
    )


def _arrays_of(group: Group, hparams: Mapping[str, Any], columns: Columns, coming: Coming) -> GroupArrays:
    before, architecture = group.networks.params, group.networks.architecture
    # In one piece of memory, which may have larger pages.
    arrays = np.empty((3 + len(group.optimizer_state), *before.shape), before.dtype)
    for copy, array in zip(arrays[2:], [before, *(average.total for average in group.optimizer_state)], strict=True):
        copy[...] = array
    return GroupArrays(
        group=group,
        params=arrays[2],
        gradient=arrays[0],
        last_gradient=arrays[1],
        state=tuple(Average(total, weight) for total, weight in zip(arrays[3:], coming.weights, strict=True)),
        optimizer=OPTIMIZERS[hparams["optimizer"]],
        rates=coming.rates,
        n_steps=len(coming.rates["size"]),
        penalty=Penalty(columns["l2"], columns["l1"], architecture.n_penalised(with_biases=hparams["penalise_biases"])),
        clip_norm=columns["clip_norm"] if np.isfinite(columns["clip_norm"]).any() else None,
    )


def _all_steps(room: Room, batches: Batches, workspaces: Workspaces) -> NDArray[np.bool_]:
    """Whether the gradient of each step was finite in each network, (T, K)."""
    sizes = [examples.stop - examples.start for examples in batches.slices]
    groups = [(arrays.group.networks.architecture, len(arrays.group)) for arrays in room.of_groups]
    dtype, has_dropout = room.of_groups[0].params.dtype, bool(batches.drops)
    works = {size: workspaces.get(groups, size, dtype, has_dropout=has_dropout) for size in set(sizes)}
    noted = []
    for t, size in enumerate(sizes):
        work = works[size]
        work.memory.begin()
        _gradient(room, work, batches, t)
        # Whatever is not finite within a network is not finite in the gradient of its last bias either.
        noted.append(work.output.dshift[:, 0].copy())
        for total, rows in zip(room.moments, work.hidden, strict=False):
            averages.add(total, rows.moments, beta=moments.BETA)
        for number, arrays in enumerate(room.of_groups):
            # What a step asks for depends on the penalties, which may change between epochs.
            work.memory.begin((number, arrays.penalty.has_l2, arrays.penalty.has_l1))
            _step(arrays, t, n_examples=size, memory=work.memory)
    is_finite: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(noted), axis=2)
    return is_finite


def _gradient(room: Room, work: Workspace, batches: Batches, t: int) -> None:
    """Write the gradient of the mean loss of batch t."""
    architecture = room.of_groups[0].group.networks.architecture
    batches.gather(t, x=work.x, y=work.y)
    masks = batches.masks(t, memory=work.memory)
    backward = forward(room.layers, work, activation=architecture.activation, masks=masks)
    costs.gradient(architecture.output, work.output.z, work.y)
    backward()


def _step(arrays: GroupArrays, t: int, *, n_examples: int, memory: Memory) -> None:
    """Add the penalties' gradient, clip, and let the optimizer write the new params over the old."""
    arrays.penalty.add_gradient(arrays.gradient, arrays.params, m=n_examples, memory=memory)
    if arrays.clip_norm is not None:
        clip(arrays.gradient, limit=arrays.clip_norm)
    if t + 1 == arrays.n_steps:
        arrays.last_gradient[...] = arrays.gradient
    totals = [average.total for average in arrays.state]
    rates = {name: rate[t] for name, rate in arrays.rates.items()}
    arrays.optimizer.step(arrays.params, arrays.gradient, totals, rates, memory)


def _groups_after(room: Room, *, n_steps: int) -> tuple[Group, ...]:
    """The groups after their epoch."""
    before = [arrays.group for arrays in room.of_groups]
    after = moments.group_by_group(room.moments, _moments_of(before), n_steps=n_steps)
    return tuple(
        Group(
            networks=Networks(arrays.group.networks.architecture, arrays.params, own),
            optimizer_state=arrays.state,
            gradient_norms=_norms_by_layer(arrays),
        )
        for arrays, own in zip(room.of_groups, after, strict=True)
    )


def _moments_of(groups: Sequence[Group]) -> list[tuple[Architecture, Average]]:
    return [(group.networks.architecture, group.networks.moments) for group in groups]


def _norms_by_layer(arrays: GroupArrays) -> Array:
    """||dw[n]|| of the last step, (K, layers)."""
    architecture = arrays.group.networks.architecture
    gradients = views(arrays.last_gradient, architecture.param_shapes)
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
