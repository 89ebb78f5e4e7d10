"""The textbook zoom: sample at random, look where the best lie, sample there, repeat.

The box of a round spans, for each parameter on its own scale, the best trials so far with a margin. A parameter that
matters narrows, because the best agree on it; one that does not stays wide. A few results agree by chance, so no side
is narrower than 2^(-n / 16) of its range after n results: coarse first, fine later.
"""

from collections.abc import Sequence
from math import ceil

from caviar.space import Hyperparameters, Space
from service.samplers import box
from service.samplers.interface import Json, Plan, Result

BEST_SHARE = 0.15
FEWEST_BEST = 3
MARGIN = 0.1
HALVED_AFTER = 16
"""So many results halve the least width of a side."""


class ZoomSampler:
    waits = True

    def plan(self, space: Space, results: Sequence[Result]) -> Plan:
        ranked = sorted((r for r in results if r.score is not None), key=lambda r: (r.score, r.number))
        best = ranked[: max(FEWEST_BEST, ceil(BEST_SHARE * len(results)))]
        least = 0.5 ** (len(results) / HALVED_AFTER)
        sides = box.whole(space) | (_around(space, best, least) if len(best) >= FEWEST_BEST else {})
        return Plan(
            state={"box": box.to_json(sides)},
            box=box.document(space, sides),
            reason=_reason(len(best), len(results)),
            seen=len(results),
            best=best[0].number if best else None,
        )

    def draw(self, space: Space, state: Json, *, seed: int, number: int) -> Hyperparameters:
        return box.draw(space, box.from_json(state["box"]), seed=seed, number=number)


def _around(space: Space, best: Sequence[Result], least: float) -> box.Box:
    """Sides that span the best; a parameter active in none of them is left out."""
    sides = {}
    for name, parameter in space.varying.items():
        values = [result.hyperparameters[name] for result in best if name in result.hyperparameters]
        if values:
            sides[name] = box.span(parameter, values, margin=MARGIN, least=least)
    return sides


def _reason(best: int, seen: int) -> str:
    if not seen:
        return "the whole space, before any result"
    if best < FEWEST_BEST:
        return f"the whole space: {best} of {seen} results have a value, {FEWEST_BEST} are needed to zoom"
    return f"spans the best {best} of {seen} results with a margin of {MARGIN:.0%}"
