"""A stack: networks that are trained side by side, step by step, as a value. Every function gives a new one.

Its members share data and batch size, whether they normalise, activation and output; widths and depths may differ.
Networks of one architecture are a group, whose products are one stacked product; everything that is done to each
feature alone is done to the features of all groups at once (trainer.lanes).
A member has bit for bit the same numbers in a stack of any size and any composition.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import DTypeLike

from trainer.group import Group, Member, begin_group, keep_group
from trainer.hyperparameters import check, complete, group_key, stack_key
from trainer.network import Networks
from trainer.network import keep as keep_networks
from trainer.split import Split

__all__ = ["Member", "Stack", "begin", "change", "keep", "network_of"]


@dataclass(frozen=True, kw_only=True)
class Stack:
    """K networks in training; `members` have complete hyperparameters, `epochs` says how many each has behind it.

    `groups` are neighbours of one architecture, in the order of the members. `diverged_at` is the first step, counted
    from 1, whose gradient was not finite, 0 where all were.
    """

    members: tuple[Member, ...]
    groups: tuple[Group, ...]
    epochs: tuple[int, ...]
    diverged_at: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Of all arrays."""
        return self.groups[0].networks.params.dtype

    def slices(self) -> list[slice]:
        """Which members each group has."""
        stops = np.cumsum([len(group) for group in self.groups]).tolist()
        return [slice(stop - len(group), stop) for stop, group in zip(stops, self.groups, strict=True)]


def begin(split: Split, members: Sequence[Member], *, dtype: DTypeLike = np.float32) -> Stack:
    """Initial networks for at least one member. Members of one architecture should be neighbours: that is faster.

    Raises ValueError with a sentence if hyperparameters are wrong, do not suit the data, or their members cannot be
    trained side by side.
    """
    keys = list(dict.fromkeys(stack_key(member.hparams) for member in members))
    if len(keys) != 1:
        raise ValueError(f"Members of one stack must have one stack key; these have {', '.join(keys) or 'none'}.")
    members = [replace(member, hparams=complete(member.hparams)) for member in members]
    alike = [list(group) for _, group in groupby(members, key=lambda member: group_key(member.hparams))]
    return Stack(
        members=tuple(members),
        groups=tuple(begin_group(split, group, dtype=dtype) for group in alike),
        epochs=(0,) * len(members),
        diverged_at=(0,) * len(members),
    )


def keep(stack: Stack, indices: Sequence[int]) -> Stack:
    """These members alone, in this order, each with the numbers it had."""
    return Stack(
        members=tuple(stack.members[k] for k in indices),
        groups=tuple(_kept_groups(stack, indices)),
        epochs=tuple(stack.epochs[k] for k in indices),
        diverged_at=tuple(stack.diverged_at[k] for k in indices),
    )


def _kept_groups(stack: Stack, indices: Sequence[int]) -> Iterator[Group]:
    """Neighbours among the indices that were in one group stay in one."""
    starts = [part.start for part in stack.slices()]
    homes = [number for number, group in enumerate(stack.groups) for _ in range(len(group))]
    for home, together in groupby(indices, key=lambda k: homes[k]):
        yield keep_group(stack.groups[home], [k - starts[home] for k in together])


def change(stack: Stack, k: int, **hparams: float) -> Stack:
    """Member k with other numbers from the next epoch on, such as a learning rate set by hand.

    Raises ValueError for a value that is not allowed, or one that its stack or group shares.
    """
    changed = {**stack.members[k].hparams, **{name: check(name, value) for name, value in hparams.items()}}
    if group_key(changed) != group_key(stack.members[k].hparams):
        raise ValueError(f"{', '.join(hparams)} cannot change between epochs: the networks of a stack rely on it.")
    members = list(stack.members)
    members[k] = replace(members[k], hparams=complete(changed))
    return replace(stack, members=tuple(members))


def network_of(stack: Stack, k: int) -> Networks:
    """Member k's network alone."""
    number = next(number for number, part in enumerate(stack.slices()) if k < part.stop)
    return keep_networks(stack.groups[number].networks, [k - stack.slices()[number].start])
