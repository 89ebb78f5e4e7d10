"""The axis of one parameter, on the scale from which it is drawn.

A *place* is where a value stands on the axis: the value itself on a linear or log scale, -log10(1 - value) on
reverse_log, the index of a choice.
"""

import math
import sys
from collections.abc import Mapping
from typing import Any

from caviar.charts.figure import title
from caviar.charts.text import shown
from caviar.parameters import Choice, Kind, Range, Varying, key
from caviar.scales import Scale
from caviar.spec import SearchSpec

_MARGIN = 0.03
_MOST_TICKS = 12
_LARGEST = sys.float_info.max
SCALE_NAMES = {Scale.LINEAR: "linear", Scale.LOG: "log", Scale.REVERSE_LOG: "log of 1 - value"}


class ParameterAxis:
    def __init__(self, name: str, parameter: Varying) -> None:
        self.name, self.parameter = name, parameter
        values = parameter.in_order if isinstance(parameter, Choice) else ()
        self._index = {key(value): i for i, value in enumerate(values)}

    @property
    def scale(self) -> str:
        return SCALE_NAMES[self.parameter.scale] if isinstance(self.parameter, Range) else "choice"

    @property
    def is_continuous(self) -> bool:
        """Whether there is something between two values."""
        return isinstance(self.parameter, Range) and self.parameter.type is Kind.FLOAT

    def place(self, value: Any) -> float:
        if isinstance(self.parameter, Choice):
            return self._index[key(value)]
        return -math.log10(1.0 - value) if self.parameter.scale is Scale.REVERSE_LOG else value

    def spans(self, side: Mapping[str, Any]) -> list[tuple[float, float]]:
        """The parts of the axis that a side of a box covers, as places: from, to."""
        if isinstance(self.parameter, Choice):
            places = sorted(int(self.place(value)) for value in side["values"])
            return _joined([(at - 0.5, at + 0.5) for at in places])
        half = 0.5 if self.parameter.type is Kind.INT else 0.0
        return [(self.place(side["low"] - half), self.place(side["high"] + half))]

    def told(self, side: Mapping[str, Any]) -> str:
        """A side of a box in words."""
        if isinstance(self.parameter, Choice):
            return ", ".join(shown(value) for value in side["values"])
        return f"{shown(side['low'])} – {shown(side['high'])}"

    def layout(self, *, is_named: bool = True) -> dict[str, Any]:
        """As an axis of a Plotly layout."""
        named = {"title": title(self.name)} if is_named else {}
        return {**named, "zeroline": False, "automargin": True, **self._scaled()}

    def _scaled(self) -> dict[str, Any]:
        if isinstance(self.parameter, Choice):
            return {"range": [-0.5, self.parameter.levels - 0.5], **self._choice_ticks()}
        low, high = self._ends()
        if self.parameter.scale is Scale.LOG:
            step = 1 if high > 50 * low else "D2"
            return {
                "type": "log",
                "range": _wider(math.log10(low), math.log10(high)),
                "dtick": step,
                "tickformat": "~g",
            }
        if self.parameter.scale is Scale.REVERSE_LOG:
            return {"range": _wider(low, high), **_reverse_ticks(low, high)}
        is_short = self.parameter.type is Kind.INT and high - low <= _MOST_TICKS
        return {"range": _wider(low, high), **({"dtick": 1} if is_short else {})}

    def _ends(self) -> tuple[float, float]:
        """The places of the range's ends."""
        assert isinstance(self.parameter, Range)
        half = 0.5 if self.parameter.type is Kind.INT else 0.0
        return self.place(self.parameter.low - half), self.place(self.parameter.high + half)

    def _choice_ticks(self) -> dict[str, Any]:
        values = self.parameter.in_order or ()
        step = math.ceil(len(values) / _MOST_TICKS)
        places = list(range(0, len(values), step))
        return {"tickvals": places, "ticktext": [shown(values[at]) for at in places]}


def varying_axes(spec: SearchSpec) -> dict[str, ParameterAxis]:
    """Of the parameters that can differ between trials, in the order of the space."""
    varying = spec.domain.varying.items()
    return {name: ParameterAxis(name, parameter) for name, parameter in varying if parameter.levels != 1}


def _wider(low: float, high: float) -> list[float]:
    margin = _MARGIN * (high - low)
    return [max(low - margin, -_LARGEST), min(high + margin, _LARGEST)]


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Neighbours as one."""
    found: list[tuple[float, float]] = []
    for low, high in spans:
        if found and found[-1][1] == low:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found


def _reverse_ticks(low: float, high: float) -> dict[str, Any]:
    """Where 1 - value is 1, 2 or 5 times a power of ten; of a long range only the powers."""
    heads = (1, 2, 5) if high - low <= 4 else (1,)
    exponents = range(math.floor(low), math.ceil(high) + 1)
    rest = [(exponent, head) for exponent in exponents for head in heads]
    ticks = {
        exponent - math.log10(head): f"{1 - head * 10.0**-exponent:.{max(exponent, 1)}f}" for exponent, head in rest
    }
    inside = [place for place in sorted(ticks) if low - 1e-9 <= place <= high + 1e-9]
    return {"tickvals": inside, "ticktext": [ticks[place] for place in inside]} if inside else {}
