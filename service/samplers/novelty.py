"""Points that nobody has tried: to run a point again is what confirmations are for."""

from collections.abc import Hashable, Iterable
from itertools import chain

from caviar.space import Hyperparameters
from service.samplers.grid import walk
from service.samplers.interface import Ask


def known(ask: Ask) -> set[Hashable]:
    """The keys of all points that the ask tells of."""
    return {ask.space.key(hparams) for hparams in (*(result.hyperparameters for result in ask.results), *ask.pending)}


def fresh(
    ask: Ask, candidates: Iterable[Hyperparameters], count: int, *, known: set[Hashable]
) -> list[Hyperparameters]:
    """The first `count` candidates that are not known, each becoming known; a finite space gives what is missing.

    Where even that is too little, candidates come again: a search must not end because chance offered it nothing new.
    """
    found: list[Hyperparameters] = []
    again: list[Hyperparameters] = []
    offered = chain(candidates, _others(ask, len(known) + count))
    while len(found) < count and (hparams := next(offered, None)) is not None:
        key = ask.space.key(hparams)
        (again if key in known else found).append(hparams)
        known.add(key)
    return [*found, *again[: count - len(found)]]


def _others(ask: Ask, count: int) -> Iterable[Hyperparameters]:
    """So many points of a finite space, all different."""
    points = ask.space.points or 0
    return (walk(ask.space, seed=ask.seed, place=place) for place in range(min(points, count)))
