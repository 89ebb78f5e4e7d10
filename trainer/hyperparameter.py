"""What one hyperparameter of the built-in trainer is: its kind, its bounds, and which values it accepts.

Pure standard library, as hyperparameters.py, which lists them all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What type a value has."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    CHOICE = "choice"
    INT_OR_ALL = "int or all"
    WIDTHS = "int or list"


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """One hyperparameter: `minimum` and `maximum` are allowed values, `above` and `below` are not.

    `is_stacked`: trials are trained side by side only if they agree on it.
    """

    name: str
    kind: Kind
    default: Any
    sentence: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    is_stacked: bool = False

    @property
    def allowed(self) -> str:
        """What a value must be, in words: `an integer >= 1`."""
        words = {
            Kind.FLOAT: "a number",
            Kind.INT: "an integer",
            Kind.BOOL: "true or false",
            Kind.CHOICE: "one of " + ", ".join(self.choices),
            Kind.INT_OR_ALL: "all, or an integer",
            Kind.WIDTHS: "an integer, or a list with one integer per hidden layer, each",
        }
        return " ".join([words[self.kind], " and ".join(self._bounds())]).strip()

    def _bounds(self) -> list[str]:
        signs = {">=": self.minimum, ">": self.above, "<=": self.maximum, "<": self.below}
        return [f"{sign} {bound:g}" for sign, bound in signs.items() if bound is not None]

    def accepts(self, number: float) -> bool:
        """Whether a number, or one width of a list, lies within the bounds."""
        return (
            (self.minimum is None or number >= self.minimum)
            and (self.maximum is None or number <= self.maximum)
            and (self.above is None or number > self.above)
            and (self.below is None or number < self.below)
        )

    def converted(self, value: object) -> Any:
        """The value in its type, or None if it is not allowed."""
        match self.kind:
            case Kind.BOOL:
                return value if isinstance(value, bool) else None
            case Kind.CHOICE:
                return value if isinstance(value, str) and value in self.choices else None
            case Kind.INT_OR_ALL if isinstance(value, str):
                return value if value == "all" else None
            case Kind.WIDTHS if isinstance(value, Sequence) and not isinstance(value, str):
                each = [self._number(width) for width in value]
                return None if None in each else each
        return self._number(value)

    def _number(self, value: object) -> float | int | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if (isinstance(value, float) and not math.isfinite(value)) or not self.accepts(value):
            return None
        if self.kind is Kind.FLOAT:
            return float(value) if abs(value) < 1e308 else None
        return int(value) if value == int(value) else None
