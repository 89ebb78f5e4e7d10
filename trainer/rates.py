"""What the optimizers of a stack go by in the coming epoch, computed in float64 for all its networks at once.

Notation: K networks, of a group or of all groups with one optimizer; T steps in the epoch.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from trainer.arrays import Array
from trainer.averages import coming_weights
from trainer.group import Group
from trainer.optimizers import OPTIMIZERS, Columns, Optimizer
from trainer.stack import Stack


class Coming(NamedTuple):
    """Of one group: its rates at each step, (T, K, 1, 1), and the weights (K, 1, 1) of its averages after the last."""

    rates: Columns
    weights: Sequence[Array]


def coming_of(stack: Stack, columns: Columns, *, n_steps: int) -> list[Coming]:
    """Of every group, from the columns of all members in the coming epoch."""
    parts = stack.slices()
    names = [stack.members[part.start].hparams["optimizer"] for part in parts]
    found: dict[int, Coming] = {}
    for name in dict.fromkeys(names):
        here = [number for number, own in enumerate(names) if own == name]
        theirs = {key: np.concatenate([values[parts[number]] for number in here]) for key, values in columns.items()}
        groups = [stack.groups[number] for number in here]
        found |= zip(here, _of_groups(groups, OPTIMIZERS[name], theirs, n_steps), strict=True)
    return [found[number] for number in range(len(parts))]


def _of_groups(groups: Sequence[Group], optimizer: Optimizer, columns: Columns, n_steps: int) -> Iterator[Coming]:
    """Of groups with one optimizer."""
    states = zip(*(group.optimizer_state for group in groups), strict=True)
    weights = [
        coming_weights(np.concatenate([average.weight for average in state]), beta=columns[beta], n_steps=n_steps)
        for state, beta in zip(states, optimizer.averages, strict=True)
    ]
    shape, dtype = (n_steps, len(columns["learning_rate"]), 1, 1), groups[0].networks.params.dtype
    rates = {
        name: np.broadcast_to(rate, shape).astype(dtype) for name, rate in optimizer.rates(columns, weights).items()
    }
    first = 0
    for group in groups:
        part = slice(first, first + len(group))
        yield Coming({name: rate[:, part] for name, rate in rates.items()}, [each[-1, part] for each in weights])
        first = part.stop
