"""How a search that is waited for is shown: a bar on a terminal, a table in a notebook, nothing in a pipe."""

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any, Protocol, Self

from caviar.notebook import Html, Shown, show
from caviar.wire.searches import SearchAnswer
from caviar.words import best_words, duration_words

Drawing = Callable[[], str]
"""The search as HTML, made only where somebody looks at it."""


class View(Protocol):
    def __enter__(self) -> Self: ...

    def __exit__(self, *_error: object) -> None: ...

    def show(self, search: SearchAnswer, drawing: Drawing) -> None: ...


class Silent:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def show(self, search: SearchAnswer, drawing: Drawing) -> None: ...


class Bar:
    """On stderr: `digits ━━━━━━━╸━━━━ 30/48, 4 s left, best 0.9833 (trial 30)`. It stays on the screen."""

    def __init__(self) -> None:
        # Loaded here: a script in a pipe needs no rich.
        rich = importlib.import_module("rich.progress")
        columns = [
            rich.TextColumn("{task.fields[title]}", markup=False),
            rich.BarColumn(),
            rich.TextColumn("{task.fields[told]}", markup=False),
        ]
        console = importlib.import_module("rich.console").Console(stderr=True, highlight=False)
        self._columns = rich.Progress(*columns, console=console, redirect_stdout=False)
        self._task: Any = None

    def __enter__(self) -> Self:
        self._columns.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._columns.stop()

    def show(self, search: SearchAnswer, drawing: Drawing) -> None:
        done, total, left = search.progress.finished, search.progress.trials, search.progress.seconds_left
        words = [f"{done}/{total}", f"best {best_words(search.best)}"]
        if left is not None and done < total:
            words.insert(1, f"{duration_words(left)} left")
        texts = {"title": search.name, "told": ", ".join(words)}
        if self._task is None:
            self._task = self._columns.add_task("", total=total, completed=done, **texts)
        self._columns.update(self._task, total=total, completed=done, **texts)


class Table:
    """Below the cell that waits; drawn again after every change."""

    def __init__(self, handle: Shown) -> None:
        self._handle, self._last = handle, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def show(self, search: SearchAnswer, drawing: Drawing) -> None:
        text = drawing()
        if text != self._last:
            self._handle.update(Html(text))
        self._last = text


def choose() -> View:
    if handle := show(Html("")):
        return Table(handle)
    is_terminal = sys.stderr.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
    return Bar() if is_terminal else Silent()
