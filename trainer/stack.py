"""A stack: K networks that are trained as one array, as a value. Every function gives a new one.

A member has bit for bit the same numbers in a stack of any size: its random numbers are its own, its products are
stacked products of equal shapes, and nothing is summed across networks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from trainer import averages, network
from trainer.architecture import architecture_of
from trainer.arrays import Array, Labels
from trainer.batches import batch_slices, epoch_order
from trainer.hyperparameters import HYPERPARAMETERS, Kind, complete, stack_key
from trainer.network import Networks, cost_and_gradient
from trainer.optimizers import OPTIMIZERS, Columns, State
from trainer.split import Split

MOMENTS_BETA = 0.9
"""How much of the average of past moments batch normalisation keeps at each step."""


@dataclass(frozen=True)
class Member:
    """What one network is trained with: hyperparameters, which may leave out defaults, and 0 <= seed < 2**64."""

    hparams: Mapping[str, Any]
    seed: int


@dataclass(frozen=True, kw_only=True)
class Stack:
    """K networks in training; `members` have complete hyperparameters, `epochs` says how many each has behind it."""

    members: tuple[Member, ...]
    networks: Networks
    optimizer_state: State
    epochs: tuple[int, ...]


def begin(split: Split, members: Sequence[Member], *, dtype: DTypeLike = np.float32) -> Stack:
    """Initial networks for at least one member.

    Raises ValueError with a sentence if hyperparameters are wrong or their members cannot be trained in one array.
    """
    keys = list(dict.fromkeys(stack_key(member.hparams) for member in members))
    if len(keys) != 1:
        raise ValueError(f"Members of one stack must have one stack key; these have {', '.join(keys) or 'none'}.")
    members = [replace(member, hparams=complete(member.hparams)) for member in members]
    hparams = members[0].hparams
    architecture = architecture_of(hparams, n_inputs=split.train.x.shape[1], n_classes=split.n_classes)
    networks = network.init(architecture, [member.seed for member in members], dtype=dtype)
    return Stack(
        members=tuple(members),
        networks=networks,
        optimizer_state=OPTIMIZERS[hparams["optimizer"]].init(networks.params),
        epochs=(0,) * len(members),
    )


def keep(stack: Stack, indices: Sequence[int]) -> Stack:
    """These members alone, in this order, each with the numbers it had."""
    return Stack(
        members=tuple(stack.members[k] for k in indices),
        networks=network.keep(stack.networks, indices),
        optimizer_state=tuple(averages.keep(average, indices) for average in stack.optimizer_state),
        epochs=tuple(stack.epochs[k] for k in indices),
    )


def train_epoch(stack: Stack, split: Split) -> Stack:
    """One pass over the training set, each member in its own order."""
    x, y = split.train.x.astype(stack.networks.params.dtype, copy=False), split.train.y
    order = epoch_order([member.seed for member in stack.members], stack.epochs, n_examples=len(y))
    columns = _columns(stack.members)
    # A network that diverges overflows; its cost will say so, and its neighbours share no number with it.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for batch in batch_slices(len(y), stack.members[0].hparams["batch_size"]):
            rows = order[:, batch]
            stack = _step(stack, x.take(rows, axis=0), y.take(rows), columns=columns)
    return replace(stack, epochs=tuple(epochs + 1 for epochs in stack.epochs))


def _step(stack: Stack, x: Array, y: Labels, *, columns: Columns) -> Stack:
    """One step of the optimizer. Shapes: x (K, B, D); y (K, B)."""
    networks = stack.networks
    _, gradient, moments = cost_and_gradient(networks, x, y, l2=columns["l2"])
    optimizer = OPTIMIZERS[stack.members[0].hparams["optimizer"]]
    params, state = optimizer.update(networks.params, gradient, state=stack.optimizer_state, columns=columns)
    beta = np.full((len(params), 1, 1), MOMENTS_BETA)
    return replace(
        stack,
        networks=Networks(networks.architecture, params, averages.update(networks.moments, moments, beta=beta)),
        optimizer_state=state,
    )


def _columns(members: Sequence[Member]) -> Columns:
    """Every hyperparameter that is a number and may differ within a stack, as a column (K, 1, 1)."""
    numbers = [row.name for row in HYPERPARAMETERS.values() if row.kind is Kind.FLOAT]
    return {name: np.array([member.hparams[name] for member in members]).reshape(-1, 1, 1) for name in numbers}
