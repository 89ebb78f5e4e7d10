"""Leaderboard rows as CSV (RFC 4180)."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from caviar.numbers import to_wire
from caviar.wire.trials import LeaderboardRow

_FIXED = ("rank", "number", "id", "state", "value", "round", "origin", "diverged")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def header(hyperparameters: Iterable[str], metrics: Iterable[str]) -> str:
    """Names carry their kind, because a hyperparameter may be called like a metric."""
    return _line(
        [*_FIXED, *(f"hyperparameters.{name}" for name in hyperparameters), *(f"metrics.{m}" for m in metrics)]
    )


def line(row: LeaderboardRow, hyperparameters: Sequence[str], metrics: Sequence[str]) -> str:
    """A row; what a trial does not have stays empty."""
    fixed = [getattr(row, name) for name in _FIXED]
    own = [row.hyperparameters.get(name) for name in hyperparameters]
    return _line([*fixed, *own, *(row.metrics.get(name) for name in metrics)])


def _line(cells: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_cell(cell) for cell in cells])
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is quoted with an apostrophe; numbers stay numbers."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return to_wire(value)
    if isinstance(value, list):
        value = json.dumps(value)
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value
