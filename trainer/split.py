"""Splitting a table into train, dev and test, and normalising its inputs.

Notation: N examples, D features, C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.checks import check_parts, check_table
from trainer.datasets import Table
from trainer.shuffle import split_by_class, split_rows
from trainer.targets import NO_SCALE, Scale

HELD_OUT = 0.1
"""The share of the examples in dev, and the same again in test, unless there are so many that a smaller one will do."""

ENOUGH = 10_000
"""With so many examples in dev, one per cent of them is a hundred: more would only be missing from training."""

WATCHED = 256
"""So many training examples are evaluated after every epoch, or as many as dev has."""


@dataclass(frozen=True)
class Part:
    """Examples x (N, D) float32, normalised, with their classes y (N,) int64, or the numbers to predict, float32."""

    x: NDArray[np.float32]
    y: NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Split:
    """Two or three parts, and what their inputs were normalised with: mu and sigma (D,) of the training examples.

    `n_classes` is 0 where there are numbers to predict, and `scale` says what networks learn of those. `test` has no
    example where none was asked for.
    """

    train: Part
    dev: Part
    test: Part
    mu: NDArray[np.float32]
    sigma: NDArray[np.float32]
    n_classes: int
    scale: Scale = NO_SCALE

    @property
    def parts(self) -> dict[str, Part]:
        """By name, those that have examples."""
        parts = {"train": self.train, "dev": self.dev, "test": self.test}
        return {name: part for name, part in parts.items() if len(part.y)}

    @property
    def watched(self) -> dict[str, Part]:
        """What is evaluated after every epoch: dev, and as many examples of train, at least 256, always the same.

        All of train would cost a third of the training itself.
        """
        n_examples = max(len(self.dev.y), WATCHED)
        return {**self.parts, "train": Part(self.train.x[:n_examples], self.train.y[:n_examples])}


@dataclass(frozen=True)
class Shares:
    """The shares of the examples that dev and test get; test may get none."""

    dev: float
    test: float


def sensible_shares(n_examples: int) -> Shares:
    """10% each, but no more than 10,000 examples: of a million, 1% each is enough to tell two networks apart."""
    share = min(HELD_OUT, ENOUGH / n_examples)
    return Shares(share, share)


def split_table(table: Table, *, seed: int, shares: Shares | None = None) -> Split:
    """Stratified where there are classes: each has the same share of each part, as near as whole examples go.

    Raises ValueError with a sentence for data that cannot be learned from, or shares that leave a part empty.
    """
    check_table(table)
    train, dev, test = _split_rows(table, seed, shares or sensible_shares(len(table.y)))
    check_parts(table, train=train, dev=dev)
    mu, sigma = moments(table.x[train])
    parts = [Part(normalise(table.x[rows], mu, sigma), table.y[rows]) for rows in (train, dev, test)]
    n_classes = len(table.class_names)
    scale = NO_SCALE if n_classes else scale_of(parts[0].y)
    return Split(train=parts[0], dev=parts[1], test=parts[2], mu=mu, sigma=sigma, n_classes=n_classes, scale=scale)


def moments(x: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation (D,) of every feature; 1 for the deviation of a constant, which is divided by."""
    wide = x.astype(np.float64)
    mu, sigma = wide.mean(axis=0), wide.std(axis=0)
    sigma[wide.max(axis=0) == wide.min(axis=0)] = 1.0
    return mu.astype(np.float32), sigma.astype(np.float32)


def scale_of(y: NDArray[Any]) -> Scale:
    """Mean and standard deviation of the numbers to predict; 1 for the deviation of a constant."""
    wide = y.astype(np.float64)
    return Scale(float(wide.mean()), float(wide.std()) if wide.max() > wide.min() else 1.0)


def normalise(x: NDArray[np.float32], mu: NDArray[np.float32], sigma: NDArray[np.float32]) -> NDArray[np.float32]:
    """(x - mu) / sigma, with the training set's mu and sigma whatever x is."""
    return (x - mu) / sigma


def _split_rows(table: Table, seed: int, shares: Shares) -> Sequence[NDArray[np.int64]]:
    """The row numbers of train, dev and test."""
    first, second = folded_seeds(seed)
    n_dev, n_test = _sizes(len(table.y), shares)
    y = table.y if table.class_names else np.zeros(len(table.y))
    train, held_out = _in_two(y, n_dev + n_test, smallest=n_dev + n_test, seed=first)
    if not n_test:
        return train, held_out, np.arange(0)
    dev, test = _in_two(y[held_out], n_test, smallest=min(n_dev, n_test), seed=second)
    return train, held_out[dev], held_out[test]


def _sizes(n_examples: int, shares: Shares) -> tuple[int, int]:
    n_dev, n_test = round(shares.dev * n_examples), round(shares.test * n_examples)
    if n_dev < 1 or n_dev + n_test >= n_examples or (shares.test and n_test < 1):
        raise ValueError(
            f"{n_examples} examples with shares of {shares.dev:g} for dev and {shares.test:g} for test leave a part "
            "empty; it needs more examples or other shares."
        )
    return n_dev, n_test


def _in_two(y: NDArray[Any], held_out: int, *, smallest: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """By class, unless a class or a part is too small to be shared out."""
    counts = np.unique(y, return_counts=True)[1]
    if counts.min() >= 2 and len(counts) <= smallest:
        return split_by_class(y, held_out=held_out, seed=seed)
    return split_rows(len(y), held_out=held_out, seed=seed)


def folded_seeds(seed: int) -> tuple[int, int]:
    """Two seeds of 32 bits, which is what NumPy's RandomState takes, from one of any size.

    SeedSequence hashes all bits of the seed into each, so seeds that differ in the upper bits alone give other splits.
    """
    first, second = np.random.SeedSequence(seed).generate_state(2)
    return int(first), int(second)
