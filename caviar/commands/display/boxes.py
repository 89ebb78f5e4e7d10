"""A round's box, drawn: where in its range each parameter is drawn now, on the parameter's own scale."""

from collections.abc import Iterator, Mapping
from typing import Any

from caviar.parameters import key
from caviar.scales import Scale, to_unit
from caviar.words import side_words

WIDTH = 24
_IN, _OUT = "━", "╌"


def box_rows(space: Mapping[str, Any], box: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """For each parameter that varies: its name, its range with the box in it, the box in words."""
    for name, side in box.items():
        parameter = space.get(name)
        if isinstance(parameter, Mapping):
            yield name, _bar(parameter, side), side_words(side)


def _bar(parameter: Mapping[str, Any], side: Mapping[str, Any]) -> str:
    if "values" in parameter:
        chosen = {key(value) for value in side.get("values", ())}
        return _choices([key(value) in chosen for value in parameter["values"]])
    ends = {"low": parameter["low"], "high": parameter["high"], "scale": Scale(parameter.get("scale", "linear"))}
    bounds = side if "low" in side else {"low": min(side["values"]), "high": max(side["values"])}
    first = min(round(to_unit(bounds["low"], **ends) * WIDTH), WIDTH - 1)
    end = max(round(to_unit(bounds["high"], **ends) * WIDTH), first + 1)
    return _OUT * first + _IN * (end - first) + _OUT * (WIDTH - end)


def _choices(is_in: list[bool]) -> str:
    """Every value takes an equal part of the line; where there are more values than that, some are left out."""
    return "".join(_IN if is_in[column * len(is_in) // WIDTH] else _OUT for column in range(WIDTH))
