"""Rows in two parts at random, with each class in proportion where there are classes.

The parts are those of scikit-learn's train_test_split, which is slow to import at every start of a worker.
Notation: N rows, C classes.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def split_rows(n_rows: int, *, held_out: int, seed: int) -> tuple[Rows, Rows]:
    """The numbers 0 … n_rows - 1 in random order: all but `held_out` of them, and those."""
    order = np.random.RandomState(seed).permutation(n_rows)
    return order[held_out:], order[:held_out]


def split_by_class(y: NDArray[Any], *, held_out: int, seed: int) -> tuple[Rows, Rows]:
    """As split_rows for the rows of y (N,), with each class in both parts as near to its share as whole rows go.

    Raises ValueError if a part is smaller than there are classes.
    Source: scikit-learn's StratifiedShuffleSplit. Deviation: none.
    """
    classes, counts = np.unique(y, return_counts=True)
    if min(len(y) - held_out, held_out) < len(classes):
        raise ValueError(f"{len(y)} rows of {len(classes)} classes leave none of some class in a part")
    rng = np.random.RandomState(seed)
    taken = _shares(counts, len(y) - held_out, rng)
    given = _shares(counts - taken, held_out, rng)
    shuffled = [np.flatnonzero(y == each)[rng.permutation(count)] for each, count in zip(classes, counts, strict=True)]
    larger = np.concatenate([rows[:n] for rows, n in zip(shuffled, taken, strict=True)])
    smaller = np.concatenate([rows[n : n + m] for rows, n, m in zip(shuffled, taken, given, strict=True)])
    return rng.permutation(larger), rng.permutation(smaller)


def _shares(counts: Rows, total: int, rng: np.random.RandomState) -> Rows:
    """`total` shared out in proportion to counts (C,): rounded down, then one more where most was cut off."""
    exact = counts / counts.sum() * total
    shares = np.floor(exact)
    for tied in _by_remainder(exact - shares):
        missing = int(total - shares.sum())
        if missing <= 0:
            break
        shares[rng.choice(tied, size=min(len(tied), missing), replace=False)] += 1
    whole: Rows = shares.astype(np.int64)
    return whole


def _by_remainder(remainders: NDArray[np.float64]) -> Iterator[Rows]:
    """The places of equal remainders together, the largest first."""
    for value in np.unique(remainders)[::-1]:
        yield np.flatnonzero(remainders == value)
