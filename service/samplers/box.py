"""A box: for every varying parameter the positions of the unit interval from which a round draws.

A side is a list of disjoint intervals (start, end) in rising order: one for a range or an ordered choice, one per
value for an unordered choice. Sides of integers and choices consist of whole cells, so each level in the box is drawn.
"""

from collections.abc import Iterable, Mapping
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


def span(parameter: Varying, values: Iterable[Any], *, margin: float, least: float) -> Side:
    """The side that holds all these values, widened at both ends by `margin` of its width, and to `least` at least.

    An unordered choice has no width: its side is the values themselves.
    """
    cells = sorted({parameter.cell(value) for value in values})
    if isinstance(parameter, Choice) and not parameter.is_ordered:
        return cells
    start, end = cells[0][0], cells[-1][1]
    pad = max(margin * (end - start), (least - (end - start)) / 2)
    start, end = _shifted(start - pad, end + pad)
    if parameter.levels is None:
        return [(start, end)]
    inside = _inside(parameter)
    first, last = parameter.value_at(start + inside), parameter.value_at(end - inside)
    return [(parameter.cell(first)[0], parameter.cell(last)[1])]


def _shifted(start: float, end: float) -> tuple[float, float]:
    """The interval moved into the unit interval, and cut only where it is wider."""
    shift = max(-start, 0.0) - max(end - 1.0, 0.0)
    return max(start + shift, 0.0), min(end + shift, 1.0)


def draw(space: Space, box: Box, *, seed: int, number: int) -> Hyperparameters:
    """A point drawn uniformly from the box: trial `number` of a search with this seed."""
    position = dict(zip(space.order, uniforms(len(space.order), seed=seed, number=number), strict=True))
    return space.assemble(lambda name, parameter: _value(parameter, box[name], position[name]))


def _value(parameter: Varying, side: Side, u: float) -> Any:
    """The value at the share u of the side's total width, kept inside what `document` says of the side."""
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


def to_json(box: Box) -> dict[str, Any]:
    return {name: [list(interval) for interval in side] for name, side in box.items()}


def from_json(document: Mapping[str, Any]) -> Box:
    return {name: [(start, end) for start, end in side] for name, side in document.items()}
