"""A search followed in plain lines: for logs, pipes and terminals that cannot draw."""

from types import TracebackType
from typing import Self

from caviar.commands.console import say
from caviar.commands.snapshots import Snapshot
from caviar.words import state_words


class LineView:
    """One line per change of progress or of what the search waits for."""

    def __init__(self) -> None:
        self._progress = ""
        self._waits_for: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, snapshot: Snapshot) -> None:
        search = snapshot.search
        progress = state_words(search)
        if progress != self._progress:
            say(progress)
        if search.waits_for and search.waits_for != self._waits_for:
            say(f"waits for: {search.waits_for}")
        self._progress, self._waits_for = progress, search.waits_for

    def note(self, line: str) -> None:
        say(line)
