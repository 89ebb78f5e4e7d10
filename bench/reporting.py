"""What a benchmark prints: tables for people, and one JSON object as its last line."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they must be, the first one to the left and all others to the right."""
    columns = [max(map(len, cells)) for cells in zip(headings, *rows, strict=True)]
    rule = ["-" * width for width in columns]
    return "\n".join(_line(cells, columns) for cells in [headings, rule, *rows])


def times(ratio: float | None) -> str:
    """A ratio for a table: `3.54x`, `24.1x`; a dash where there is none."""
    if ratio is None:
        return "-"
    return f"{ratio:.1f}x" if ratio >= 10 else f"{ratio:.2f}x"


def milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.1f}" if seconds < 0.1 else f"{1000 * seconds:.0f}"


def verdict(figure: float | None, *, must: float, goal: float | None = None) -> str:
    """Which of both a figure reaches."""
    if figure is None:
        return f"no figure (must {must:g})"
    if goal is not None and figure >= goal:
        return f"goal {goal:g} reached"
    return f"must {must:g} {'reached' if figure >= must else 'MISSED'}"


def at_most(figure: float, *, must: float) -> str:
    """For a figure that is to be small."""
    return f"must {must:g} {'reached' if figure <= must else 'MISSED'}"


def last_line(figures: Mapping[str, Any]) -> str:
    """One JSON object, its numbers with four digits; null where there is no figure."""
    return json.dumps(_rounded(figures), allow_nan=False)


def _line(cells: Sequence[str], columns: Sequence[int]) -> str:
    first, *others = zip(cells, columns, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]).rstrip()


def _rounded(figure: Any) -> Any:
    if isinstance(figure, Mapping):
        return {name: _rounded(part) for name, part in figure.items()}
    if isinstance(figure, float):
        return float(f"{figure:.4g}") if math.isfinite(figure) else None
    return figure
