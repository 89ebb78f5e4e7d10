"""Pydantic's errors as sentences for a person: the field as a JSON pointer, the reason, the nearest valid name."""

import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from caviar.errors import FieldError
from caviar.spelling import did_you_mean

NAME = r"^[A-Za-z_][A-Za-z0-9_.:-]{0,99}$"
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
NO_NUL = r"^[^\x00]*$"

_PATTERNS = {
    NAME: "must start with a letter or _ and hold at most 100 letters, digits, _ . : -",
    ONE_LINE: "must be one line without control characters",
    NO_NUL: "must not hold the character NUL",
}
_LIMITS = {
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "is empty; give at least {min_length}",
    "too_long": "holds more than {max_length} items",
    "string_too_short": "is too short; at least {min_length} characters",
    "string_too_long": "is too long; at most {max_length} characters",
}


_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = 60
shown = _brief.repr
"""`repr`, cut short: an error quotes what it is about, and a request may hold a megabyte of it."""


def pointer(loc: Iterable[str | int]) -> str:
    """RFC 6901."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in loc)


def sentence(error: Mapping[str, Any], valid_names: Iterable[str]) -> str:
    """The reason without the field's name, which stands before it; `valid_names` serve where the name is wrong."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return f"is not known here; {did_you_mean(str(error['loc'][-1]), valid_names)}"
    if kind in ("enum", "literal_error"):
        choices = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        return f"{shown(error['input'])} is not known; {did_you_mean(str(error['input']), choices)}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return "must be an object"
    if kind == "json_invalid":
        return f"the body is not JSON: {context.get('error', 'it could not be read')}"
    if kind == "parameter":
        return str(context["reason"])
    if kind in _LIMITS:
        return _LIMITS[kind].format(**context) + _given(error["input"])
    if kind == "string_pattern_mismatch" and context["pattern"] in _PATTERNS:
        return _PATTERNS[context["pattern"]] + _given(error["input"])
    text = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return text[:1].lower() + text[1:] + _given(error["input"])


def _given(value: Any) -> str:
    return f" (given: {shown(value)})" if isinstance(value, str | int | float | bool | None) else ""


def one_sentence(errors: Sequence[FieldError]) -> str:
    """All errors as the one `detail` of a problem: the first, and how many more there are."""
    first = errors[0]
    name = first.pointer.removeprefix("/").replace("/", ".")
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return (f"{name}: {first.detail}" if name else first.detail) + more
