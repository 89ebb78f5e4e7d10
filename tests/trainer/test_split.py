from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.datasets import Table, load
from trainer.split import (
    Part,
    Shares,
    Split,
    folded_seeds,
    moments,
    normalise,
    scale_of,
    sensible_shares,
    split_table,
)
from trainer.tables import TABLES
from trainer.targets import Scale


def numbered(n_examples: int, n_classes: int) -> Table:
    """A table whose first feature is the number of the row."""
    x = np.stack([np.arange(n_examples), np.ones(n_examples)], axis=1).astype(np.float32)
    return Table(x, np.arange(n_examples) % n_classes, tuple("abcdefgh"[:n_classes]))


def row_numbers(split: Split, part: Part) -> NDArray[np.int64]:
    numbers: NDArray[np.float32] = part.x[:, 0] * split.sigma[0] + split.mu[0]
    return np.rint(numbers).astype(np.int64)


@pytest.mark.parametrize(("name", "sizes"), [("digits", (1437, 180, 180)), ("iris", (120, 15, 15))])
def test_the_parts_are_80_10_and_10_percent(name: str, sizes: tuple[int, int, int]) -> None:
    split = split_table(load(name), seed=0)
    assert (len(split.train.y), len(split.dev.y), len(split.test.y)) == sizes
    assert split.n_classes == TABLES[name].n_classes


def test_every_example_is_in_exactly_one_part_with_its_own_class() -> None:
    table = numbered(211, 3)
    split = split_table(table, seed=5)
    parts = (split.train, split.dev, split.test)
    rows = [row_numbers(split, part) for part in parts]
    assert sorted(np.concatenate(rows)) == list(range(211))
    for part, row in zip(parts, rows, strict=True):
        np.testing.assert_array_equal(part.y, table.y[row])


@pytest.mark.parametrize("name", TABLES)
def test_each_part_has_each_class_in_the_share_of_the_table(name: str) -> None:
    table = load(name)
    split = split_table(table, seed=3)
    for part in (split.train, split.dev, split.test):
        expected = np.bincount(table.y) * len(part.y) / len(table.y)
        np.testing.assert_allclose(np.bincount(part.y, minlength=split.n_classes), expected, atol=1.5)


def test_the_same_seed_gives_the_same_split() -> None:
    one, other = (split_table(load("wine"), seed=9) for _ in range(2))
    np.testing.assert_array_equal(one.train.x, other.train.x)
    np.testing.assert_array_equal(one.test.y, other.test.y)


def test_seeds_of_63_bits_give_other_splits_whichever_bits_differ() -> None:
    seeds = [7, 8, 7 + 2**31, 7 + 2**32, 7 + 2**62]
    dev = [tuple(row_numbers(split, split.dev)) for split in (split_table(numbered(100, 2), seed=s) for s in seeds)]
    assert all(one != other for one, other in combinations(dev, 2))


def test_folded_seeds_fit_scikit_learn_and_never_change() -> None:
    assert all(0 <= seed < 2**32 for seed in folded_seeds(2**63 - 1))
    assert folded_seeds(0) == (2968811710, 3677149159)


def test_inputs_are_normalised_with_what_the_training_set_knows() -> None:
    table = load("breast_cancer")
    split = split_table(table, seed=1)
    np.testing.assert_allclose(split.train.x.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(split.train.x.std(axis=0), 1, atol=1e-4)
    assert np.abs(split.dev.x.mean(axis=0)).max() > 0.01
    back = split.dev.x * split.sigma + split.mu
    distances = np.abs(back[:, np.newaxis] - table.x).max(axis=2).min(axis=1)
    np.testing.assert_allclose(distances, 0, atol=1e-2)


def test_moments_of_three_examples_by_hand() -> None:
    mu, sigma = moments(np.array([[1, 7], [2, 7], [6, 7]], np.float32))
    np.testing.assert_allclose(mu, [3, 7])
    np.testing.assert_allclose(sigma, [np.sqrt((4 + 1 + 9) / 3), 1], rtol=1e-6)


def test_a_constant_column_becomes_zero_whatever_its_value() -> None:
    x = np.full((1000, 1), 0.1, np.float32)
    np.testing.assert_allclose(normalise(x, *moments(x)), 0, atol=1e-7)


def test_of_very_many_examples_ten_thousand_are_held_out_twice() -> None:
    assert [sensible_shares(n).dev for n in (100, 100_000, 1_000_000)] == [0.1, 0.1, 0.01]


def test_a_test_split_is_optional_and_shares_are_the_caller_s() -> None:
    split = split_table(load("digits"), seed=0, shares=Shares(0.25, 0))
    assert (len(split.train.y), len(split.dev.y), len(split.test.y)) == (1348, 449, 0)


def test_numbers_to_predict_are_scaled_by_what_the_training_set_knows() -> None:
    rng = np.random.default_rng(0)
    table = Table(rng.normal(size=(200, 3)).astype(np.float32), rng.normal(50, 7, 200).astype(np.float32), ())
    split = split_table(table, seed=0)
    assert split.n_classes == 0
    np.testing.assert_allclose(
        [split.scale.mu, split.scale.sigma], [split.train.y.mean(), split.train.y.std()], rtol=1e-5
    )
    assert scale_of(np.full(5, 3.0)) == Scale(3.0, 1.0)
