"""Splitting a table into train, dev and test, and normalising its inputs.

Notation: N examples, D features, C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.datasets import Table

HELD_OUT = 0.1
"""The share of the examples in dev, and the same again in test."""


@dataclass(frozen=True)
class Part:
    """Examples x (N, D) float32, normalised, with their classes y (N,) int64."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Split:
    """Three parts, and what their inputs were normalised with: mu and sigma (D,) of the training examples."""

    train: Part
    dev: Part
    test: Part
    mu: NDArray[np.float32]
    sigma: NDArray[np.float32]
    n_classes: int


def split_table(table: Table, *, seed: int) -> Split:
    """80/10/10, stratified: each part has each class in the same share as the table, as near as whole examples go."""
    train, dev, test = _split_rows(table.y, seed)
    mu, sigma = moments(table.x[train])
    parts = [Part(normalise(table.x[rows], mu, sigma), table.y[rows]) for rows in (train, dev, test)]
    return Split(train=parts[0], dev=parts[1], test=parts[2], mu=mu, sigma=sigma, n_classes=len(table.class_names))


def moments(x: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation (D,) of every feature; 1 for the deviation of a constant, which is divided by."""
    wide = x.astype(np.float64)
    mu, sigma = wide.mean(axis=0), wide.std(axis=0)
    sigma[wide.max(axis=0) == wide.min(axis=0)] = 1.0
    return mu.astype(np.float32), sigma.astype(np.float32)


def normalise(x: NDArray[np.float32], mu: NDArray[np.float32], sigma: NDArray[np.float32]) -> NDArray[np.float32]:
    """(x - mu) / sigma, with the training set's mu and sigma whatever x is."""
    return (x - mu) / sigma


def _split_rows(y: NDArray[np.int64], seed: int) -> Sequence[NDArray[np.int64]]:
    """The row numbers of train, dev and test."""
    from sklearn.model_selection import train_test_split  # slow to import

    first, second = folded_seeds(seed)
    size = round(HELD_OUT * len(y))
    train, held_out = train_test_split(np.arange(len(y)), test_size=2 * size, stratify=y, random_state=first)
    dev, test = train_test_split(held_out, test_size=size, stratify=y[held_out], random_state=second)
    return train, dev, test


def folded_seeds(seed: int) -> tuple[int, int]:
    """Two seeds of 32 bits, which is what scikit-learn takes, from one of any size.

    SeedSequence hashes all bits of the seed into each, so seeds that differ in the upper bits alone give other splits.
    """
    first, second = np.random.SeedSequence(seed).generate_state(2)
    return int(first), int(second)
