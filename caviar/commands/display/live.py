"""A search followed on a terminal: the leaderboard fills, a bar grows, the current round's box narrows."""

from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from caviar.commands.display.tables import leaderboard_table
from caviar.commands.snapshots import Snapshot
from caviar.words import duration_words, round_words, state_words


class LiveView:
    """Draws on stderr and wipes its drawing at the end: what remains on the screen is what the command prints."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, transient=True, refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        self._live.update(_drawing(snapshot, self._console))

    def note(self, line: str) -> None:
        """A line that stays, above the drawing."""
        self._console.print(Text(line))


def _drawing(snapshot: Snapshot, console: Console) -> RenderableType:
    search = snapshot.search
    parts: list[RenderableType] = [Text(f"{search.name}  search {search.id}, {search.state}", style="bold")]
    if snapshot.leaders:
        parts += [leaderboard_table(search, snapshot.leaders, console=console), Text()]
    parts.append(_progress_row(snapshot))
    if snapshot.current_round:
        parts.append(Text(round_words(snapshot.current_round), style="cyan"))
        parts.append(Text(snapshot.current_round.reason, style="dim"))
    if search.waits_for:
        parts.append(Text(f"waits for: {search.waits_for}", style="yellow"))
    return Group(*parts)


def _progress_row(snapshot: Snapshot) -> RenderableType:
    progress = snapshot.search.progress
    words = state_words(snapshot.search)
    if progress.seconds_left is not None:
        words += f", {duration_words(progress.seconds_left)} left"
    row = Table.grid(padding=(0, 1))
    row.add_row(ProgressBar(total=progress.trials, completed=progress.finished, width=30), Text(words))
    return row
