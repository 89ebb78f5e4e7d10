"""How a search looks in a notebook: a small table without JavaScript, drawn again where it stands while one waits."""

import html
import sys
from collections.abc import Sequence
from typing import Any, Protocol

from caviar import boards
from caviar.states import OPEN_SEARCH_STATES
from caviar.wire.searches import SearchAnswer
from caviar.wire.trials import LeaderboardRow
from caviar.words import duration_words, state_words

LEADERS = 5


class Shown(Protocol):
    """IPython's handle of an output that can be drawn again."""

    def update(self, drawn: Any) -> None: ...


class Html:
    """What IPython shows as it is."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _repr_html_(self) -> str:
        return self._text


def show(drawn: Any) -> Shown | None:
    """Shows it below the cell that runs; None where there is no notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    # A kernel has a frontend that can draw; IPython in a terminal has none.
    if shell is None or not hasattr(shell, "kernel"):
        return None
    handle: Shown = sys.modules["IPython"].display.display(drawn, display_id=True)
    return handle


def search_html(search: SearchAnswer, leaders: Sequence[LeaderboardRow], *, note: str = "") -> str:
    """All text is escaped: a name may hold what a browser would run."""
    progress = search.progress
    is_open, seconds_left = search.state in OPEN_SEARCH_STATES, progress.seconds_left
    left = f", about {duration_words(seconds_left)} left" if is_open and seconds_left is not None else ""
    lines = [
        f"<b>{_text(search.name)}</b> search {_text(search.id)}, {_text(search.state)}",
        f'<progress value="{progress.finished}" max="{progress.trials}" style="width: 16em"></progress> '
        f"{_text(state_words(search) + left)}",
    ]
    if search.waits_for:
        lines.append(f"waits for: {_text(search.waits_for)}")
    if note:
        lines.append(_text(note))
    table = leaderboard_html(search.spec, leaders) if leaders else ""
    return f"<div>{''.join(f'<div>{line}</div>' for line in lines)}{table}</div>"


def leaderboard_html(spec: dict[str, Any], rows: Sequence[LeaderboardRow]) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in boards.columns(spec, rows))
    lines = ("".join(f"<td>{_text(cell)}</td>" for cell in line) for line in boards.cells(spec, rows))
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: str) -> str:
    return html.escape(str(text))
