"""Who trains one shape: we and every peer that is installed, each with the same recipe on the same split."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from bench import ours
from bench.peers import pytorch, scikit_learn
from bench.recipe import Recipe
from bench.shapes import Shape
from trainer.split import Split

KEEP_PROB = 0.9
Train = Callable[[Sequence[int]], list[float]]
"""Seeds, one per network -> the dev accuracy of each after its last epoch."""


@dataclass(frozen=True)
class Side:
    """`networks` is how many it trains each time its clock runs: K for those that stack, one for the others."""

    train: Train
    networks: int


def sides_of(shape: Shape, split: Split, *, is_quick: bool) -> dict[str, Side]:
    """By name. The quick ones are those that the issue's first figure needs, and scikit-learn."""
    recipe, plain = shape.recipe(), shape.recipe(has_batch_norm=False)
    sides = {
        "ours": _ours(split, recipe, shape.networks),
        "torch": _torch(split, recipe),
        "ours_plain": _ours(split, plain, shape.networks),
        "sklearn": Side(lambda seeds: [scikit_learn.train(split, plain, seed) for seed in seeds], 1),
    }
    if is_quick:
        return sides
    sides["torch_fused"] = _torch(split, recipe, is_fused=True)
    dropout = shape.recipe(keep_prob=KEEP_PROB)
    sides |= {"ours_dropout": _ours(split, dropout, shape.networks), "torch_dropout": _torch(split, dropout)}
    if find_spec("jax") is not None:
        sides["jax"] = _jax(split, recipe, shape.networks)
    return sides


def _ours(split: Split, recipe: Recipe, networks: int) -> Side:
    """Evaluates dev after every epoch, as every peer does."""
    return Side(lambda seeds: ours.train(split, ours.stack_of(recipe, seeds), watching=("dev",)), networks)


def _torch(split: Split, recipe: Recipe, *, is_fused: bool = False) -> Side:
    data = pytorch.tensors(split)
    return Side(lambda seeds: [pytorch.train(data, recipe, seed, is_fused=is_fused) for seed in seeds], 1)


def _jax(split: Split, recipe: Recipe, networks: int) -> Side:
    from bench.peers import jax_vmap  # only where JAX is installed

    trainer_of = cache(lambda seeds: jax_vmap.trainer_of(split, recipe, seeds))
    return Side(lambda seeds: trainer_of(tuple(seeds))(), networks)
