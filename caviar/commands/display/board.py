"""The board that a followed search is drawn as: leaderboard, progress, the best so far, the zoom's box, the workers."""

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from caviar.commands.display.boxes import box_rows
from caviar.commands.display.sparkline import sparkline
from caviar.commands.display.tables import leaderboard_table
from caviar.commands.snapshots import LEADERS, Snapshot
from caviar.states import OPEN_SEARCH_STATES, Goal
from caviar.wire.workers import WorkerAnswer
from caviar.words import duration_words, state_words, value_words

_FEWEST_LEADERS = 3
_MOST_WORKERS = 6
_BAR = 30


def board(snapshot: Snapshot, *, console: Console) -> RenderableType:
    """Never higher than the console: the leaderboard gives way first, then what stands last."""
    search = snapshot.search
    title: RenderableType = Text(f"{search.name}  search {search.id}, {search.state}", style="bold")
    below: list[RenderableType] = [
        _progress(snapshot),
        *_best_so_far(snapshot),
        *_zoom(snapshot),
        *_workers(snapshot.workers),
    ]
    if search.waits_for:
        below.append(Text(f"waits for: {search.waits_for}", style="yellow"))
    room = console.height - sum(_height(part, console) for part in [title, *below]) - 4
    leaders = snapshot.leaders[: min(max(room, _FEWEST_LEADERS), LEADERS)]
    table: list[RenderableType] = [leaderboard_table(search, leaders, console=console), Text()] if leaders else []
    return _Cropped(Group(title, *table, *below))


class _Cropped:
    """What scrolled off a terminal could not be wiped any more."""

    def __init__(self, drawing: RenderableType) -> None:
        self._drawing = drawing

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in console.render_lines(self._drawing, options.update(height=None), pad=False)[: console.height - 1]:
            yield from line
            yield Segment.line()


def _height(part: RenderableType, console: Console) -> int:
    return len(console.render_lines(part, pad=False))


def _progress(snapshot: Snapshot) -> RenderableType:
    progress = snapshot.search.progress
    words = state_words(snapshot.search)
    if progress.seconds_left is not None and snapshot.search.state in OPEN_SEARCH_STATES:
        words += f", {duration_words(progress.seconds_left)} left"
    row = Table.grid(padding=(0, 1))
    row.add_row(ProgressBar(total=progress.trials, completed=progress.finished, width=_BAR), Text(words))
    return row


def _best_so_far(snapshot: Snapshot) -> list[RenderableType]:
    is_better_higher = snapshot.search.spec.get("goal") == Goal.MAXIMIZE
    bars = sparkline(snapshot.course, width=_BAR, is_better_higher=is_better_higher)
    if not bars:
        return []
    row = Table.grid(padding=(0, 1))
    first, last = (value_words(snapshot.course[end][1]) for end in (0, -1))
    row.add_row(Text(f"{bars:<{_BAR}}", style="green"), Text(f"best so far: {first} → {last}"))
    return [row]


def _zoom(snapshot: Snapshot) -> list[RenderableType]:
    stage = snapshot.current_round
    if stage is None:
        return []
    grid = Table.grid(padding=(0, 1))
    for name, bar, words in box_rows(snapshot.search.spec["space"], stage.box):
        grid.add_row(Text(name), Text(bar, style="cyan"), Text(words, style="cyan", overflow="ellipsis", no_wrap=True))
    return [Text(f"round {stage.round}: {stage.reason}", style="dim"), grid]


def _workers(workers: Sequence[WorkerAnswer]) -> list[RenderableType]:
    """Those that are alive, the busy ones first: the server remembers the others for a day."""
    alive = sorted((worker for worker in workers if worker.alive), key=lambda worker: (not worker.running, worker.name))
    if not alive:
        return []
    grid = Table.grid(padding=(0, 1))
    for worker in alive[:_MOST_WORKERS]:
        grid.add_row(Text(worker.name), Text(_work(worker), style="" if worker.running else "dim"))
    more = f"; {len(alive) - _MOST_WORKERS} more than these" if len(alive) > _MOST_WORKERS else ""
    return [Text(f"workers: {len(alive)} alive{more}", style="dim"), grid]


def _work(worker: WorkerAnswer) -> str:
    count = len(worker.running)
    return f"runs {count} trial{'' if count == 1 else 's'}" if count else "idle"
