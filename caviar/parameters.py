"""One parameter of a search space: a range, a choice or a constant, and its place in the unit interval.

Samplers work in unit coordinates. u in [0, 1) is a position; the *cell* of a value is the interval of positions that
give it: a single point for a float, an interval of positive width for the levels of an integer or a choice.
"""

import math
import re
from collections.abc import Hashable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PlainValidator, Tag, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from caviar.numbers import LARGEST_INTEGER
from caviar.scales import Scale, from_unit, to_unit
from caviar.validation import shown


class Kind(StrEnum):
    FLOAT = "float"
    INT = "int"


def key(value: Any) -> Hashable:
    """A value as a dictionary key under which True, 1 and "1" differ and 1 and 1.0 are one."""
    if isinstance(value, list):
        return tuple(key(item) for item in value)
    return (isinstance(value, bool), value)


def _refuse(reason: str) -> PydanticCustomError:
    return PydanticCustomError("parameter", "{reason}", {"reason": reason})


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(f"{shown(value)} is not a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise _refuse(f"{shown(value)} is not finite")
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise _refuse("the integer is beyond 2^53 - 1, where other languages lose digits")
    return value


def is_text(value: str) -> bool:
    """JSON can say NUL and half of a surrogate pair, which no database stores."""
    return re.search("[\x00\ud800-\udfff]", value) is None


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if len(value) > 1000 or not is_text(value):
            raise _refuse("a text is at most 1000 characters long and holds neither NUL nor a lone surrogate")
        return value
    if isinstance(value, int | float):
        return _number(value)
    raise _refuse(f"{shown(value)} is no plain value; give a number, a text, true, false, null or a list of them")


def _value(value: Any) -> Any:
    return [_scalar(item) for item in value] if isinstance(value, list) else _scalar(value)


_SCALAR_SCHEMA = {"type": ["number", "string", "boolean", "null"]}
_VALUE_SCHEMA = {"anyOf": [_SCALAR_SCHEMA, {"type": "array", "items": _SCALAR_SCHEMA}]}
Bound = Annotated[int | float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
Value = Annotated[Any, PlainValidator(_value), WithJsonSchema(_VALUE_SCHEMA)]
"""A plain JSON value, or a list of plain values."""


class _Parameter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    when: dict[str, Value] | None = Field(
        None, description="active only where every named parameter has one of these values"
    )


class Range(_Parameter):
    """Numbers from low to high, both included, drawn uniformly on `scale`.

    `steps` is for the grid alone: so many values, evenly spaced on the scale, both ends among them.
    """

    low: Bound
    high: Bound
    scale: Scale = Scale.LINEAR
    type: Kind = Kind.FLOAT
    steps: Annotated[int, Field(ge=2, le=10_000, strict=True)] | None = Field(
        None, description="how many values the sampler grid takes; other samplers take any between low and high"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.low < self.high:
            raise _refuse(f"low ({self.low}) must be below high ({self.high})")
        if not math.isfinite(float(self.high) - float(self.low)):
            raise _refuse("low and high are further apart than a double-precision number can tell")
        if self.scale is Scale.LOG and self.low <= 0:
            raise _refuse(f"a log scale needs low above 0, not {self.low}; raise low or use scale: linear")
        if self.type is Kind.INT and self.scale is Scale.REVERSE_LOG:
            raise _refuse("reverse_log lies between 0 and 1, where there are no integers; use type: float")
        if self.scale is Scale.REVERSE_LOG and not (self.low > 0 and self.high < 1):
            raise _refuse("a reverse_log scale needs 0 < low and high < 1, such as low: 0.9, high: 0.999")
        if self.type is Kind.INT and not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise _refuse("type: int needs whole numbers for low and high")
        if self.type is Kind.INT and max(abs(self.low), abs(self.high)) > LARGEST_INTEGER:
            raise _refuse("type: int needs low and high within 2^53 - 1, beyond which other languages lose digits")
        return self

    @property
    def levels(self) -> int | None:
        """How many values there are; None for a continuum."""
        return None if self.in_order is None else len(self.in_order)

    @property
    def in_order(self) -> Sequence[int] | None:
        """Every value; None for a continuum."""
        return range(int(self.low), int(self.high) + 1) if self.type is Kind.INT else None

    def value_at(self, u: float) -> float | int:
        low, high = self._edges()
        x = from_unit(u, low=low, high=high, scale=self.scale)
        if self.type is Kind.FLOAT:
            return x
        return min(max(round(x), int(self.low)), int(self.high))

    def cell(self, value: float) -> tuple[float, float]:
        low, high = self._edges()
        half = 0.5 if self.type is Kind.INT else 0.0
        start = to_unit(value - half, low=low, high=high, scale=self.scale)
        return start, to_unit(value + half, low=low, high=high, scale=self.scale)

    def _edges(self) -> tuple[float, float]:
        """An integer owns half a unit on either side, so that both ends are as likely as the values between."""
        if self.type is Kind.INT:
            return self.low - 0.5, self.high + 0.5
        return float(self.low), float(self.high)

    def problem_with(self, value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{shown(value)} is not a number"
        if not self.low <= value <= self.high:
            return f"{shown(value)} is outside {self.low} … {self.high}"
        if self.type is Kind.INT and not float(value).is_integer():
            return f"{shown(value)} is not a whole number"
        return None

    def canonical(self, value: float) -> float | int:
        """A value without a problem in the type that a draw has."""
        return int(value) if self.type is Kind.INT else float(value)


class Choice(_Parameter):
    """One of the listed values.

    Numbers are ordered by size unless `ordered: false`; other values, as listed, only with `ordered: true`.
    """

    values: list[Value] = Field(min_length=1)
    ordered: bool | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len({key(value) for value in self.values}) < len(self.values):
            raise _refuse("values holds the same value twice")
        return self

    @property
    def is_ordered(self) -> bool:
        return self._are_numbers() if self.ordered is None else self.ordered

    @property
    def in_order(self) -> Sequence[Any]:
        """The values in the order of their positions: by size for ordered numbers, else as listed."""
        if self.is_ordered and self._are_numbers():
            return sorted(self.values)
        return self.values

    def _are_numbers(self) -> bool:
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values)

    @property
    def levels(self) -> int:
        return len(self.values)

    def value_at(self, u: float) -> Any:
        return self.in_order[min(int(u * self.levels), self.levels - 1)]

    def cell(self, value: Any) -> tuple[float, float]:
        at = [key(listed) for listed in self.in_order].index(key(value))
        return at / self.levels, (at + 1) / self.levels

    def problem_with(self, value: Any) -> str | None:
        if key(value) in [key(choice) for choice in self.values]:
            return None
        return f"{shown(value)} is none of {', '.join(map(repr, self.values))}"

    def canonical(self, value: Any) -> Any:
        """A value without a problem as it is listed: 64 where 64.0 was given."""
        return next(choice for choice in self.values if key(choice) == key(value))


def tag(value: Any) -> Literal["range", "choice", "constant"]:
    """Which of the three a JSON value describes; the tag that pydantic puts into an error's location."""
    if isinstance(value, Range):
        return "range"
    if isinstance(value, Choice):
        return "choice"
    if isinstance(value, dict):
        return "choice" if "values" in value else "range"
    return "constant"


Varying = Range | Choice
Parameter = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Choice, Tag("choice")] | Annotated[Value, Tag("constant")],
    Discriminator(tag),
]
"""What may stand behind a name in `space`. A constant is the plain value itself."""
