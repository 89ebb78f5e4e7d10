"""A bar for work whose size is known, with the time that is left; nothing where nobody sees it."""

import sys
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from caviar.commands.console import can_redraw


def counted(pieces: Iterable[str], *, total: int, what: str) -> Iterator[str]:
    """The same pieces, while a bar on stderr counts their lines; none where a terminal shows the lines themselves."""
    if not can_redraw() or sys.stdout.isatty():
        yield from pieces
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # rich would take what goes to stdout for the terminal, too.
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        task, lines = progress.add_task(what, total=total), 0
        for piece in pieces:
            yield piece
            lines += piece.count("\n")
            progress.update(task, completed=min(lines, total))
