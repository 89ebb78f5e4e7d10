"""Following a search until it has ended, through restarts of its server."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

import typer

from caviar.calls import Calls
from caviar.commands.connection import url_flag
from caviar.commands.console import can_redraw, print_json, say
from caviar.commands.display.lines import LineView
from caviar.commands.display.live import LiveView
from caviar.commands.display.tables import leaderboard_table, stdout_console
from caviar.commands.exits import ExitCode
from caviar.commands.snapshots import LEADERS, Camera, Snapshot
from caviar.errors import RetryLater, SearchFailed, Unreachable
from caviar.processes import sigterm_is_ctrl_c
from caviar.states import SearchState
from caviar.wire.searches import SearchAnswer
from caviar.words import duration_words

_POLL_SECONDS = 0.5


class View(Protocol):
    """Shows a search that is being followed."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def show(self, snapshot: Snapshot) -> None: ...

    def note(self, line: str) -> None: ...


def choose_view() -> View:
    return LiveView() if can_redraw() else LineView()


def watch(client: Calls, search: str, *, url: str | None) -> SearchAnswer:
    """The search when it has ended. Ctrl-C ends the watching, not the search, and says so."""
    client.read_search(search)
    camera = Camera(client, search)
    try:
        with sigterm_is_ctrl_c(), choose_view() as view:
            ended = follow(camera, view, on_snapshot=view.show)
    except KeyboardInterrupt:
        say(f"the search goes on; look again with: caviar top {search} --watch{url_flag(url)}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    say(f"search {search} ({ended.name}) is {ended.state} after {duration_words(ended.progress.seconds)}")
    return ended


def follow(
    camera: Camera,
    view: View,
    *,
    on_snapshot: Callable[[Snapshot], None],
    before_each: Callable[[], None] = lambda: None,
) -> SearchAnswer:
    """Polls until the search has ended. A server that does not answer is asked again; `before_each` may raise."""
    is_answering = True
    while True:
        before_each()
        try:
            snapshot = camera.take()
        except (Unreachable, RetryLater) as error:
            if is_answering:
                view.note(f"{error.detail}; trying again")
            is_answering = False
        else:
            if not is_answering:
                view.note("the server answers again")
            is_answering = True
            on_snapshot(snapshot)
            if snapshot.is_last:
                return snapshot.search
        time.sleep(_POLL_SECONDS)


def report_end(client: Calls, search: SearchAnswer, *, as_json: bool) -> None:
    """Print what became of a search that was waited for. Raises SearchFailed if it did not complete."""
    if as_json:
        print_json(search.model_dump(mode="json"))
    else:
        console = stdout_console()
        leaders = client.leaderboard(search.id, limit=LEADERS).items
        console.print(leaderboard_table(search, leaders, console=console))
    if search.state is not SearchState.COMPLETED:
        raise SearchFailed(f"search {search.id} ({search.name}) is {search.state}" + _reason(client, search))


def leave_or_watch(client: Calls, search: SearchAnswer, *, wait: bool, url: str | None, as_json: bool) -> None:
    """What follows a submission: print the search, or with `wait` watch it to its end."""
    if wait:
        report_end(client, watch(client, search.id, url=url), as_json=as_json)
    elif as_json:
        print_json(search.model_dump(mode="json"))
    else:
        print(search.id)
        say(f"watch it with: caviar top {search.id} --watch{url_flag(url)}")


def _reason(client: Calls, search: SearchAnswer) -> str:
    """The first failed trial's error: when all fail, they mostly fail alike."""
    failed = client.trials(search.id, state="failed", limit=1).items
    error = failed[0].error if failed else None
    return f"; trial {failed[0].number} failed: {error.detail}" if error else ""
