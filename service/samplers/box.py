"""A box: for every varying parameter the positions of the unit interval from which a round draws.

A side is a list of disjoint intervals (start, end) in rising order: one for a range or an ordered choice, one per
value for an unordered choice. Sides of integers and choices consist of whole cells, so each level in the box is drawn.
"""

from typing import Any

from caviar.parameters import Choice, Range, Varying
from caviar.space import Hyperparameters, Space
from service.samplers.streams import uniforms

Side = list[tuple[float, float]]
Box = dict[str, Side]
WHOLE: Side = [(0.0, 1.0)]


def _inside(parameter: Varying) -> float:
    """Keeps a position off the edge between two cells, where rounding decides to which it belongs."""
    return 0.0 if parameter.levels is None else min(1e-9, 0.01 / parameter.levels)


def whole(space: Space) -> Box:
    return dict.fromkeys(space.varying, WHOLE)


def draw(space: Space, box: Box, *, seed: int, number: int) -> Hyperparameters:
    """A point drawn uniformly from the box: trial `number` of a search with this seed."""
    position = dict(zip(space.order, uniforms(len(space.order), seed=seed, number=number), strict=True))
    return space.assemble(lambda name, parameter: _value(parameter, box[name], position[name]))


def _value(parameter: Varying, side: Side, u: float) -> Any:
    """The value at the share u of the side's total width, kept inside what `document` says of the side."""
    if side is WHOLE and isinstance(parameter, Range):
        return parameter.value_at(u)
    rest = u * sum(end - start for start, end in side)
    for start, end in side:
        if rest < end - start:
            break
        rest -= end - start
    at = min(max(start + rest, start), end)
    if isinstance(parameter, Choice):
        inside = _inside(parameter)
        return parameter.value_at(min(max(at, start + inside), end - inside))
    low, high = _ends(parameter, side)
    return min(max(parameter.value_at(at), low), high)


def _ends(parameter: Range, side: Side) -> tuple[float, float]:
    inside = _inside(parameter)
    return parameter.value_at(side[0][0] + inside), parameter.value_at(side[-1][1] - inside)


def document(space: Space, box: Box) -> dict[str, Any]:
    """The box in the parameters' own units: {"low", "high"} for a range, {"values"} for a choice."""
    return {name: _describe(parameter, box[name]) for name, parameter in space.varying.items()}


def _describe(parameter: Varying, side: Side) -> dict[str, Any]:
    if isinstance(parameter, Range):
        low, high = _ends(parameter, side)
        return {"low": low, "high": high}
    middles = [(value, sum(parameter.cell(value)) / 2) for value in parameter.in_order]
    return {"values": [value for value, middle in middles if any(start <= middle <= end for start, end in side)]}
