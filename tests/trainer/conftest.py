"""Splits that several tests train on."""

from collections.abc import Callable

import numpy as np
import pytest

from trainer.datasets import Table, load
from trainer.split import Split, split_table


@pytest.fixture(scope="session")
def digits() -> Split:
    return split_table(load("digits"), seed=0)


@pytest.fixture(scope="session")
def blobs() -> Callable[..., Split]:
    """Three overlapping clouds: blobs(n_train, n_features) has exactly n_train training examples."""

    def make(n_train: int, n_features: int) -> Split:
        rng = np.random.default_rng(n_train * 100 + n_features)
        n_examples = next(n for n in range(n_train, 2 * n_train + 40) if n - 2 * round(0.1 * n) == n_train)
        y = np.arange(n_examples, dtype=np.int64) % 3
        centres = rng.normal(size=(3, n_features))
        x = (centres[y] + rng.normal(size=(n_examples, n_features))).astype(np.float32)
        split = split_table(Table(x=x, y=y, class_names=("a", "b", "c")), seed=1)
        assert len(split.train.y) == n_train
        return split

    return make
