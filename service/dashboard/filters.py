"""The filter of a search's page, which all its views share: `learning_rate=0.001..0.1 layers=3|4 state=stopped`.

A term is a name, one of = > <, and a value; all terms must hold. After = stands a number or a text, several of them
with | between, or a range low..high of which either end may be missing; a value with blanks stands in quotes.
static/filter.js reads the same.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from caviar.errors import InvalidRequest

_TERM = re.compile(r"""([A-Za-z_][\w.:-]*)\s*([=<>])\s*("[^"]*"|[^\s"=<>][^\s"]*)(?:\s+|$)""")
_RANGE = re.compile(r"([^|]*)\.\.([^|]*)")


@dataclass(frozen=True)
class Term:
    name: str
    holds: Callable[[Any], bool]


def parse(text: str) -> list[Term]:
    """Raises InvalidRequest, which says what was not understood."""
    terms, at = [], 0
    text = text.strip()
    while at < len(text):
        found = _TERM.match(text, at)
        if found is None:
            raise InvalidRequest(
                f"the filter is not understood from {text[at : at + 40]!r} on; write it like learning_rate=0.001..0.1"
            )
        name, sign, value = found.groups()
        terms.append(Term(name, _test(sign, value.strip('"'))))
        at = found.end()
    return terms


def passes(terms: list[Term], fields: Mapping[str, Any]) -> bool:
    """A row that does not have a field passes no term about it."""
    return all(fields.get(term.name) is not None and term.holds(fields[term.name]) for term in terms)


def _test(sign: str, value: str) -> Callable[[Any], bool]:
    if sign == "<":
        return _between(None, _number(value))
    if sign == ">":
        return _between(_number(value), None)
    if bounds := _RANGE.fullmatch(value):
        low, high = (_number(bound) if bound else None for bound in bounds.groups())
        return _between(low, high)
    wanted = value.split("|")
    numbers = {number for text in wanted if (number := _as_number(text)) is not None}
    return lambda given: given in numbers if _is_number(given) else _text(given) in wanted


def _between(low: float | None, high: float | None) -> Callable[[Any], bool]:
    def holds(given: Any) -> bool:
        return _is_number(given) and (low is None or given >= low) and (high is None or given <= high)

    return holds


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _text(given: Any) -> str:
    return str(given).lower() if isinstance(given, bool) else str(given)


def _number(text: str) -> float:
    found = _as_number(text)
    if found is None:
        raise InvalidRequest(f"the filter compares with {text[:40]!r}, which is no number")
    return found


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
