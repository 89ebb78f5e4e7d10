"""Optuna's samplers on one of our spaces, each set up as its best users do: a study in memory, asked and told.

Users of Optuna say with their own words what our space says: an ordered choice is the index of a value, an integer,
and of a reverse_log range it is 1 - value that is drawn on a log scale. A space without conditions.
"""

import logging
from collections.abc import Mapping
from typing import Any

import optuna

from caviar.parameters import Choice, Kind, Range, Varying
from caviar.scales import Scale
from caviar.space import Space


class Study:
    """A bench.quality.world.Searcher. `sampler` is one of SAMPLERS."""

    def __init__(self, space: Space, sampler: str, *, seed: int, workers: int) -> None:
        optuna.logging.set_verbosity(logging.ERROR)
        self._study = optuna.create_study(sampler=SAMPLERS[sampler](seed, workers))
        self._space = space
        self._distributions = {name: distribution(parameter) for name, parameter in space.varying.items()}
        self._trials: list[Any] = []

    def start_with(self, hparams: Mapping[str, Any]) -> None:
        """The next trial asked for is this one."""
        varying = self._space.varying
        self._study.enqueue_trial({name: as_drawn(varying[name], hparams[name]) for name in varying})

    def ask(self) -> Mapping[str, Any]:
        trial = self._study.ask(self._distributions)
        self._trials.append(trial)
        params: Mapping[str, Any] = trial.params
        return self._space.assemble(lambda name, parameter: value(parameter, params[name]))

    def tell(self, number: int, loss: float) -> None:
        self._study.tell(self._trials[number], loss)


def distribution(parameter: Varying) -> Any:
    """What a user of Optuna writes for a parameter."""
    if isinstance(parameter, Choice):
        if parameter.is_ordered:
            return optuna.distributions.IntDistribution(0, parameter.levels - 1)
        return optuna.distributions.CategoricalDistribution(parameter.in_order)
    is_log = parameter.scale is not Scale.LINEAR
    if parameter.type is Kind.INT:
        return optuna.distributions.IntDistribution(int(parameter.low), int(parameter.high), log=is_log)
    low, high = _ends(parameter)
    return optuna.distributions.FloatDistribution(low, high, log=is_log)


def _ends(parameter: Range) -> tuple[float, float]:
    if parameter.scale is Scale.REVERSE_LOG:
        return 1 - parameter.high, 1 - parameter.low
    return parameter.low, parameter.high


def value(parameter: Varying, drawn: Any) -> Any:
    """What a draw from the parameter's distribution means."""
    if isinstance(parameter, Choice):
        return parameter.in_order[drawn] if parameter.is_ordered else drawn
    return 1 - drawn if parameter.scale is Scale.REVERSE_LOG else drawn


def as_drawn(parameter: Varying, given: Any) -> Any:
    """The draw that means this value: the inverse of `value`."""
    if isinstance(parameter, Choice):
        return parameter.in_order.index(given) if parameter.is_ordered else given
    return 1 - given if parameter.scale is Scale.REVERSE_LOG else given


def _tpe(seed: int, workers: int) -> Any:
    """Several workers: trials that run count as bad ones, so that the next does not fall beside them."""
    return optuna.samplers.TPESampler(seed=seed, constant_liar=workers > 1)


def _random(seed: int, workers: int) -> Any:
    return optuna.samplers.RandomSampler(seed=seed)


def _gp(seed: int, workers: int) -> Any:
    return optuna.samplers.GPSampler(seed=seed)


def _cma_es(seed: int, workers: int) -> Any:
    """Draws choices at random, as CMA-ES knows none."""
    return optuna.samplers.CmaEsSampler(seed=seed)


SAMPLERS = {"tpe": _tpe, "optuna_random": _random, "gp": _gp, "cma_es": _cma_es}
