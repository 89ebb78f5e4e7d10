"""The textbook's zoom, the product's own until it learned to screen: random points, a box around the best, and again.

The box of a round spans, for each parameter on its own scale, the best 15 % so far with a margin. A few results agree
by chance, so no side is narrower than 2^(-n / 16) of its range after n results: coarse first, fine later.
A side is a list of intervals of the unit interval: one for a range, one per value for an unordered choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from bench.quality.ours import Round
from caviar.parameters import Choice, Varying
from caviar.space import Hyperparameters, Space
from service.samplers.interface import Result

BEST_SHARE = 0.15
FEWEST_BEST = 3
MARGIN = 0.1
HALVED_AFTER = 16
"""So many results halve the least width of a side."""
Side = list[tuple[float, float]]


@dataclass(frozen=True)
class TextbookZoom:
    """A planner."""

    space: Space
    seed: int

    def __call__(self, asked: Round) -> Sequence[Hyperparameters]:
        box = _box(self.space, asked.results)
        return [self._draw(box, number) for number in asked.numbers]

    def _draw(self, box: Mapping[str, Side], number: int) -> Hyperparameters:
        generator = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        return self.space.assemble(lambda name, parameter: _value(parameter, box[name], generator.random()))


def _box(space: Space, results: Sequence[Result]) -> dict[str, Side]:
    ranked = sorted((r for r in results if r.score is not None), key=lambda r: (r.score, r.number))
    best = ranked[: max(FEWEST_BEST, ceil(BEST_SHARE * len(results)))]
    least = 0.5 ** (len(results) / HALVED_AFTER)
    box: dict[str, Side] = {}
    for name, parameter in space.varying.items():
        values = [result.hyperparameters[name] for result in best if name in result.hyperparameters]
        has_side = len(best) >= FEWEST_BEST and values
        box[name] = _span(parameter, values, least=least) if has_side else [(0.0, 1.0)]
    return box


def _span(parameter: Varying, values: Sequence[Any], *, least: float) -> Side:
    """All these values with a margin, and at least as wide as `least`; of an unordered choice the values themselves."""
    cells = sorted({parameter.cell(value) for value in values})
    if isinstance(parameter, Choice) and not parameter.is_ordered:
        return cells
    start, end = cells[0][0], cells[-1][1]
    pad = max(MARGIN * (end - start), (least - (end - start)) / 2)
    shift = max(pad - start, 0.0) - max(end + pad - 1.0, 0.0)
    return [(max(start - pad + shift, 0.0), min(end + pad + shift, 1.0))]


def _value(parameter: Varying, side: Side, u: float) -> Any:
    """The value at the share u of the side's total width."""
    rest = u * sum(end - start for start, end in side)
    for start, end in side:
        if rest < end - start:
            break
        rest -= end - start
    return parameter.value_at(min(start + rest, end))
