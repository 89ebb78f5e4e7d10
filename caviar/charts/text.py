"""Text in a figure. Plotly reads labels as a subset of HTML, so what users wrote is escaped and shows as it is."""

import textwrap
from typing import Any

_LONGEST = 60
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def plain(text: str, *, longest: int = _LONGEST) -> str:
    """A user's text on one line, shortened where it is long."""
    line = " ".join(text.split())
    return _escaped(line if len(line) <= longest else line[: longest - 1] + "…")


def paragraph(text: str, *, width: int = _LONGEST) -> str:
    """A sentence or more, broken into lines."""
    return "<br>".join(map(_escaped, textwrap.wrap(text, width)))


def number(value: float) -> str:
    return f"{value:.6g}"


def shown(value: Any) -> str:
    """A hyperparameter's value."""
    if isinstance(value, float):
        return number(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return plain("[" + ", ".join(map(_bare, value)) + "]", longest=40)
    return plain(str(value), longest=40)


def _bare(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
