"""A group: the networks of a stack that have one architecture and one optimizer, as a value; their arrays begin with K.

A member has bit for bit the same numbers in a group of any size: its random numbers are its own, its products are
stacked products of equal shapes, and nothing is summed across networks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from trainer import averages, network
from trainer.architecture import architecture_of
from trainer.arrays import Array
from trainer.augmentation import check_images
from trainer.averages import Average
from trainer.network import Networks
from trainer.optimizers import OPTIMIZERS
from trainer.split import Split
from trainer.targets import n_outputs, output_of


@dataclass(frozen=True)
class Member:
    """What one network is trained with: hyperparameters, which may leave out defaults, and 0 <= seed < 2**64."""

    hparams: Mapping[str, Any]
    seed: int


@dataclass(frozen=True)
class Group:
    """K networks, what their optimizer remembers, and the norms of every layer's last gradient, (K, layers)."""

    networks: Networks
    optimizer_state: tuple[Average, ...]
    gradient_norms: Array

    def __len__(self) -> int:
        return len(self.networks.params)


def begin_group(split: Split, members: Sequence[Member], *, dtype: DTypeLike) -> Group:
    """Initial networks for members with complete hyperparameters and one group key.

    Raises ValueError with a sentence for hyperparameters that do not suit the data.
    """
    for member in members:
        check_images(member.hparams, n_inputs=split.train.x.shape[1])
    hparams = members[0].hparams
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
    return Group(
        networks=networks,
        optimizer_state=tuple(averages.start(networks.params) for _ in OPTIMIZERS[hparams["optimizer"]].averages),
        gradient_norms=np.zeros((len(members), architecture.output_layer)),
    )


def keep_group(group: Group, indices: Sequence[int]) -> Group:
    """These networks alone, in this order, each with the numbers it had."""
    return Group(
        networks=network.keep(group.networks, indices),
        optimizer_state=tuple(averages.keep(average, indices) for average in group.optimizer_state),
        gradient_norms=group.gradient_norms[list(indices)],
    )
