"""Numbers on the wire: finite JSON numbers, or one of the strings "NaN", "Infinity", "-Infinity"."""

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

_NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
LARGEST_INTEGER = 2**53 - 1
"""Beyond this JSON readers in other languages lose digits."""


def to_wire(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def from_wire(value: Any) -> float:
    """Raises ValueError for what is no number: booleans, other strings, integers too large for a float."""
    if isinstance(value, str) and value in _NAMES:
        return _NAMES[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError('expected a number, or "NaN", "Infinity" or "-Infinity"')
    try:
        return float(value)
    except OverflowError:
        raise ValueError("the integer is too large for a double-precision number") from None


Number = Annotated[
    float,
    BeforeValidator(from_wire),
    PlainSerializer(to_wire, return_type=float | str),
    Field(json_schema_extra={"type": ["number", "string"], "description": "finite, or NaN, Infinity, -Infinity"}),
]
