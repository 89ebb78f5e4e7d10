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
from trainer.arrays import Array
from trainer.augmentation import check_images
from trainer.averages import Average
from trainer.hyperparameters import check, complete, stack_key
from trainer.network import Networks
from trainer.optimizers import OPTIMIZERS
from trainer.split import Split
from trainer.targets import n_outputs, output_of


@dataclass(frozen=True)
class Member:
    """What one network is trained with: hyperparameters, which may leave out defaults, and 0 <= seed < 2**64."""

    hparams: Mapping[str, Any]
    seed: int


@dataclass(frozen=True, kw_only=True)
class Stack:
    """K networks in training; `members` have complete hyperparameters, `epochs` says how many each has behind it.

    `gradient_norms` (K, layers) are those of every w in the last step; `diverged_at` is the first step, counted from 1,
    whose gradient was not finite, 0 where all were.
    """

    members: tuple[Member, ...]
    networks: Networks
    optimizer_state: tuple[Average, ...]
    epochs: tuple[int, ...]
    gradient_norms: Array
    diverged_at: tuple[int, ...]


def begin(split: Split, members: Sequence[Member], *, dtype: DTypeLike = np.float32) -> Stack:
    """Initial networks for at least one member.

    Raises ValueError with a sentence if hyperparameters are wrong, do not suit the data, or their members cannot be
    trained in one array.
    """
    keys = list(dict.fromkeys(stack_key(member.hparams) for member in members))
    if len(keys) != 1:
        raise ValueError(f"Members of one stack must have one stack key; these have {', '.join(keys) or 'none'}.")
    members = [replace(member, hparams=complete(member.hparams)) for member in members]
    hparams = members[0].hparams
    for member in members:
        check_images(member.hparams, n_inputs=split.train.x.shape[1])
    output = output_of(hparams, n_classes=split.n_classes)
    architecture = architecture_of(
        hparams,
        n_inputs=split.train.x.shape[1],
        n_outputs=n_outputs(output, n_classes=split.n_classes),
        output=output,
    )
    initialisations = [member.hparams["initialisation"] for member in members]
    seeds = [member.seed for member in members]
    networks = network.init(architecture, seeds, initialisations=initialisations, dtype=dtype)
    return Stack(
        members=tuple(members),
        networks=networks,
        optimizer_state=tuple(averages.start(networks.params) for _ in OPTIMIZERS[hparams["optimizer"]].averages),
        epochs=(0,) * len(members),
        gradient_norms=np.zeros((len(members), architecture.output_layer)),
        diverged_at=(0,) * len(members),
    )


def keep(stack: Stack, indices: Sequence[int]) -> Stack:
    """These members alone, in this order, each with the numbers it had."""
    return Stack(
        members=tuple(stack.members[k] for k in indices),
        networks=network.keep(stack.networks, indices),
        optimizer_state=tuple(averages.keep(average, indices) for average in stack.optimizer_state),
        epochs=tuple(stack.epochs[k] for k in indices),
        gradient_norms=stack.gradient_norms[list(indices)],
        diverged_at=tuple(stack.diverged_at[k] for k in indices),
    )


def change(stack: Stack, k: int, **hparams: float) -> Stack:
    """Member k with other numbers from the next epoch on, such as a learning rate set by hand.

    Raises ValueError for a value that is not allowed, or one that its stack shares.
    """
    changed = {**stack.members[k].hparams, **{name: check(name, value) for name, value in hparams.items()}}
    if stack_key(changed) != stack_key(stack.members[k].hparams):
        raise ValueError(f"{', '.join(hparams)} cannot change between epochs: the members of a stack share it.")
    members = list(stack.members)
    members[k] = replace(members[k], hparams=complete(changed))
    return replace(stack, members=tuple(members))
