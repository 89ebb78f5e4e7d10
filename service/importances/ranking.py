"""Which parameters mattered: how much of what the results differ by follows each parameter alone.

The results are ranked, so that one that exploded weighs no more than one that was merely bad, and diverged and failed
trials share the last rank. An additive model explains the ranks by all parameters together (additive.py). The
importance of a parameter is the variance of its effect over its whole range, as a share of the sum of all: the main
effects of functional ANOVA (Hutter, Hoos and Leyton-Brown 2014) under the space's own distribution, and not under that
of the trials, which a zoom has crowded around the best. A conditional parameter is judged where it is active.

Deviation: the effects come from one additive fit instead of a forest, and not from comparing the best trials with all
(PED-ANOVA, Watanabe et al. 2023): where trials were not drawn uniformly, a parameter that changed together with an
important one looks as important there. What parameters do only together is in nobody's share; `explained` tells it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from caviar.parameters import Varying
from caviar.space import Space
from service.importances.additive import fit
from service.importances.effects import Array, Effect, effect
from service.samplers.interface import Result

METHOD = "additive"
FEWEST_RESULTS = 10
MOST_COLUMNS = 240
"""Of the model: its time grows with their cube."""
MOST_PARAMETERS = 60
"""Of the model; where there are more, those enter that explain the most alone."""

LEAST_EXPLAINED = 0.02
"""Of the ranks' variance; less is no difference, whatever follows it."""
RESULTS_PER_PARAMETER = 8
"""Fewer are a first impression."""


@dataclass(frozen=True)
class Importance:
    """`trials`: in how many of the results the parameter was active."""

    parameter: str
    importance: float
    trials: int


@dataclass(frozen=True)
class Importances:
    """Items sorted, summing to 1 unless all are 0; `explained`: the share of the ranks' variance that they explain."""

    items: Sequence[Importance]
    seen: int
    explained: float | None
    note: str | None


@dataclass(frozen=True)
class _Judged:
    """One parameter, and the trials in which it is active."""

    name: str
    rows: Sequence[int]
    effect: Effect


def importances(space: Space, results: Sequence[Result]) -> Importances:
    """Of finished trials in any order."""
    seen = len(results)
    if seen < FEWEST_RESULTS:
        return Importances((), seen, None, f"importances need {FEWEST_RESULTS} results; there are {seen} so far")
    y = _ranks(results)
    if y.std() == 0:
        return Importances((), seen, None, "all results are the same, so no parameter made a difference")
    judged = _strongest(_judged(space, results), y)
    if not judged:
        return Importances((), seen, None, "no parameter of this space varies, so none can have mattered")
    fitted = fit([_design(one, seen) for one in judged], y)
    variance = {
        one.name: float(theta @ one.effect.spread @ theta)
        for one, theta in zip(judged, fitted.coefficients, strict=True)
    }
    items = _items(space, results, variance if fitted.explained > _by_chance(seen, len(judged)) else {})
    return Importances(items, seen, fitted.explained, _note(seen, items))


def _by_chance(seen: int, parameters: int) -> float:
    """About what the best of so many parameters explains of pure noise: a guard against it, not a test."""
    return max(min((parameters + 4) / seen, 0.5), LEAST_EXPLAINED)


def _ranks(results: Sequence[Result]) -> Array:
    """0 for the best; those that are equal share the mean of their ranks, and those without a score the last."""
    scores = np.array([np.inf if result.score is None else result.score for result in results])
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(sizes) - (sizes + 1) / 2)[group]
    return ranks


def _varying(space: Space) -> dict[str, Varying]:
    """One level cannot make a difference."""
    return {name: parameter for name, parameter in space.varying.items() if parameter.levels != 1}


def _judged(space: Space, results: Sequence[Result]) -> list[_Judged]:
    varying = _varying(space)
    columns = min(max(MOST_COLUMNS // max(len(varying), 1), 4), 12)
    found = []
    for name, parameter in varying.items():
        rows = [row for row, result in enumerate(results) if name in result.hyperparameters]
        values = [results[row].hyperparameters[name] for row in rows]
        if len(rows) >= FEWEST_RESULTS:
            found.append(_Judged(name, rows, effect(parameter, values, columns=columns)))
    return found


def _strongest(judged: list[_Judged], y: Array) -> list[_Judged]:
    if len(judged) <= MOST_PARAMETERS:
        return judged

    def explains_alone(one: _Judged) -> float:
        alone = y[one.rows] - y[one.rows].mean()
        theta = np.linalg.lstsq(one.effect.design, alone)[0]
        return float(np.sum((one.effect.design @ theta) ** 2))

    return sorted(judged, key=explains_alone, reverse=True)[:MOST_PARAMETERS]


def _design(one: _Judged, seen: int) -> Array:
    design = np.zeros((seen, one.effect.design.shape[1]))
    design[one.rows] = one.effect.design
    return design


def _items(space: Space, results: Sequence[Result], variance: Mapping[str, float]) -> list[Importance]:
    scale = 1 / max(sum(variance.values()), 1e-300)
    items = [
        Importance(
            name,
            importance=variance.get(name, 0.0) * scale,
            trials=sum(name in result.hyperparameters for result in results),
        )
        for name in _varying(space)
    ]
    return sorted(items, key=lambda item: -item.importance)


def _note(seen: int, items: Sequence[Importance]) -> str | None:
    if not any(item.importance for item in items):
        return "no parameter made a difference that stands out from the noise"
    if seen < RESULTS_PER_PARAMETER * len(items):
        return f"{seen} results are few for {len(items)} parameters: take this as a first impression"
    return None
