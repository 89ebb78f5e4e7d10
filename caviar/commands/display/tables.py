"""Tables for the terminal, and plain aligned columns where stdout is none."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from caviar import boards
from caviar.wire.importances import Importance
from caviar.wire.searches import SearchAnswer
from caviar.wire.trials import LeaderboardRow
from caviar.words import best_words, progress_words, value_words

_ENDLESS = 1000
"""A pipe has no edge to wrap at."""
_LONGEST_BAR = 40


def stdout_console() -> Console:
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else _ENDLESS, highlight=False)


def leaderboard_table(search: SearchAnswer, rows: Sequence[LeaderboardRow], *, console: Console) -> Table:
    """Of the columns that caviar.boards gives."""
    lines = [_cells(line) for line in boards.cells(search.spec, rows)]
    return _fitting(boards.columns(search.spec, rows), lines, console)


def _fitting(names: Sequence[str], lines: Sequence[Sequence[Text]], console: Console) -> Table:
    """Where the console is too narrow, names are broken at underscores and columns stand closer."""
    table, close_table = _table(console), _close_table()
    for name in names:
        table.add_column(Text(name), justify="right")
        close_table.add_column(Text(name.replace("_", "\n_")), justify="right", vertical="bottom")
    for line in lines:
        table.add_row(*line)
        close_table.add_row(*line)
    needed = console.measure(table, options=console.options.update(max_width=_ENDLESS)).maximum
    return table if needed <= console.width else close_table


def searches_table(searches: Sequence[SearchAnswer], *, console: Console) -> Table:
    table = _table(console)
    table.add_column("id", justify="right")
    for name in ("name", "state", "progress", "best", "created"):
        table.add_column(name)
    for search in searches:
        created = f"{search.created_at:%Y-%m-%d %H:%M}"
        progress, best = progress_words(search.progress), best_words(search.best)
        table.add_row(*_cells([search.id, search.name, str(search.state), progress, best, created]))
    return table


def hyperparameters_table(rows: Sequence[Mapping[str, Any]], *, console: Console) -> Table:
    table = _table(console)
    for name in ("name", "default", "allowed", "about"):
        table.add_column(name)
    for row in rows:
        default = "" if row["default"] is None else value_words(row["default"])
        table.add_row(*_cells([row["name"], default, row["allowed"], row["about"]]))
    return table


def importances_table(items: Sequence[Importance], *, console: Console) -> Table:
    """With bars; an importance of 1 would fill the line."""
    table = _table(console)
    for name in ("parameter", "importance", "trials", ""):
        table.add_column(name, justify="right" if name in ("importance", "trials") else "left")
    for item in items:
        bar = "█" * round(item.importance * _LONGEST_BAR)
        table.add_row(*_cells([item.parameter, f"{item.importance:.3f}", str(item.trials), bar]))
    return table


def _table(console: Console) -> Table:
    return Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False, show_edge=False)


def _close_table() -> Table:
    return Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False)


def _cells(texts: Sequence[str]) -> list[Text]:
    # Text, not str: rich would read a name such as [red] as markup.
    return [Text(text) for text in texts]
