"""A search followed on a terminal: a board that is drawn over itself."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from caviar.commands.display.board import board
from caviar.commands.snapshots import Snapshot


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
        self._live.update(board(snapshot, console=self._console))

    def note(self, line: str) -> None:
        """A line that stays, above the drawing."""
        self._console.print(Text(line))
