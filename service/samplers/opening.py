"""How a search begins: the trainer's own defaults, then points spread evenly over the whole space."""

from typing import Any

import numpy as np

from caviar.parameters import Choice, Kind, Varying
from caviar.space import Hyperparameters, Space
from service.samplers import confirmation, novelty
from service.samplers.cube import Cube
from service.samplers.interface import Ask, Suggestion
from service.samplers.sobol import point

FEWEST_POINTS = 10
FEWEST_VALUES = 4
"""While fewer results than that have a value, there is nothing to zoom into."""
MOST_SKIPPED = 64
"""Where levels are few, or much is not active, the sequence repeats points; the next ones take their place."""
REASON = "spread over the whole space, before there are results to zoom into"


def suggestions(ask: Ask, cube: Cube) -> list[Suggestion]:
    """The round's trials that belong to the beginning: all, its first ones, or none."""
    last = max(FEWEST_POINTS, cube.dimensions + 1)
    if sum(result.score is not None for result in ask.results) < FEWEST_VALUES:
        last = ask.drawn + ask.size
    else:
        last = min(last, ask.drawn + ask.size - len(confirmation.turns(ask)))
    count = min(last - ask.drawn, ask.size)
    if count <= 0:
        return []
    places = range(ask.drawn, ask.drawn + count + MOST_SKIPPED)
    points = novelty.fresh(ask, (_at(ask, cube, place) for place in places), count, known=novelty.known(ask))
    return [Suggestion(hparams) for hparams in points]


def _at(ask: Ask, cube: Cube, place: int) -> Hyperparameters:
    if ask.defaults is not None:
        if place == 0:
            return nearest(ask.space, ask.defaults)
        place -= 1
    return cube.hyperparameters(np.array(point(cube.dimensions, seed=ask.seed, number=place)))


def nearest(space: Space, wanted: Hyperparameters) -> Hyperparameters:
    """The point of the space that comes nearest to these hyperparameters; the middle of what they do not name."""

    def take(name: str, parameter: Varying) -> Any:
        return _clipped(parameter, wanted[name]) if name in wanted else parameter.value_at(0.5)

    return space.assemble(take)


def _clipped(parameter: Varying, value: Any) -> Any:
    if parameter.problem_with(value) is None:
        return parameter.canonical(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(parameter, Choice):
        numbers = [step for step in parameter.values if isinstance(step, int | float) and not isinstance(step, bool)]
        return min(numbers, key=lambda step: abs(step - value)) if is_number and numbers else parameter.value_at(0.5)
    if not is_number:
        return parameter.value_at(0.5)
    inside = min(max(value, parameter.low), parameter.high)
    return parameter.canonical(round(inside) if parameter.type is Kind.INT else inside)
