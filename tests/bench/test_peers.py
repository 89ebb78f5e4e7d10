"""Peers learn what we learn. Those that come with the extra bench are asked by `make bench`."""

import pytest

from bench import ours
from bench.recipe import Recipe
from trainer.datasets import load
from trainer.split import Split, split_table

NORMALISED = Recipe(hidden=(32,), batch_size=64, epochs=5)
PLAIN = Recipe(hidden=(32,), batch_size=64, epochs=5, has_batch_norm=False)
SEEDS = range(4)


@pytest.fixture(scope="module")
def split() -> Split:
    return split_table(load("digits"), seed=0)


def test_ours_reads_digits(split: Split) -> None:
    assert all(accuracy > 0.9 for accuracy in ours.train(split, ours.stack_of(NORMALISED, SEEDS)))


@pytest.mark.peers
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_pytorch_reads_digits_and_tells_of_every_epoch(split: Split, l2: float) -> None:
    from bench.peers import pytorch

    said: list[tuple[int, float]] = []
    recipe = Recipe(hidden=(32,), batch_size=64, epochs=5, l2=l2)
    accuracy = pytorch.train(
        pytorch.tensors(split), recipe, 0, after_epoch=lambda epoch, accuracy: said.append((epoch, accuracy))
    )
    assert [epoch for epoch, _ in said] == [1, 2, 3, 4, 5]
    assert said[-1][1] == accuracy > 0.9


def test_scikit_learn_reads_digits(split: Split) -> None:
    from bench.peers import scikit_learn

    assert scikit_learn.train(split, PLAIN, 0) > 0.9
    with pytest.raises(ValueError, match="neither batch normalisation"):
        scikit_learn.train(split, NORMALISED, 0)


@pytest.mark.peers
def test_jax_reads_digits(split: Split) -> None:
    pytest.importorskip("jax", reason="needs JAX, which the project never installs")
    from bench.peers import jax_vmap

    assert all(accuracy > 0.9 for accuracy in jax_vmap.trainer_of(split, NORMALISED, SEEDS)())
