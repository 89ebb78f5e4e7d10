"""The zoom without a chart: each round's box as a bar per parameter, on the parameter's own scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caviar.parameters import Choice, Varying
from caviar.wire.searches import Round
from service.dashboard.words import number

MOST_PARAMETERS = 8
LAST_ROUNDS = 12


@dataclass(frozen=True)
class Span:
    """Parts of the bar that are in the box, in percent of the whole range."""

    start: float
    width: float


@dataclass(frozen=True)
class Side:
    words: str
    spans: list[Span]


@dataclass(frozen=True)
class RoundRow:
    round: Round
    sides: list[Side | None]
    """In the order of the parameters; None where the round has no word about one."""


def rows(rounds: Sequence[Round], varying: Mapping[str, Varying]) -> list[RoundRow]:
    """The newest first."""
    shown = list(varying.items())[:MOST_PARAMETERS]
    return [
        RoundRow(made, [_side(made.box[name], parameter) if name in made.box else None for name, parameter in shown])
        for made in reversed(rounds)
    ]


def places(hparams: Mapping[str, Any], varying: Mapping[str, Varying]) -> dict[str, float]:
    """Where the values of a trial lie, in percent of the whole range."""
    cells = {name: varying[name].cell(value) for name, value in hparams.items() if name in varying}
    return {name: round((start + end) / 2 * 100, 2) for name, (start, end) in cells.items()}


def _side(side: Mapping[str, Any], parameter: Varying) -> Side:
    if "values" in side:
        cells = [parameter.cell(value) for value in side["values"] if parameter.problem_with(value) is None]
        return Side("  ".join(number(value) for value in side["values"]), [_span(*cell) for cell in cells])
    low, high = side["low"], side["high"]
    words = number(low) if low == high else f"{number(low)} … {number(high)}"
    if isinstance(parameter, Choice):
        inside = [value for value in parameter.in_order if parameter.is_ordered and low <= value <= high]
        return Side(words, [_span(*parameter.cell(value)) for value in inside])
    return Side(words, [_span(parameter.cell(low)[0], parameter.cell(high)[1])])


def _span(start: float, end: float) -> Span:
    """Never so narrow that nobody sees it."""
    width = max(end - start, 0.012)
    return Span(round(min(start, 1 - width) * 100, 2), round(width * 100, 2))
