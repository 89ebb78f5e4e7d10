"""The demo: a server and workers of its own, one search, its rounds and its leaderboard."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from caviar.calls import Calls
from caviar.commands.console import say
from caviar.commands.crew import Crew, one_per_core
from caviar.commands.display.tables import leaderboard_table, stdout_console
from caviar.commands.leaderboard_json import leaderboard_json
from caviar.commands.snapshots import LEADERS, Camera, Snapshot
from caviar.commands.watching import choose_view, follow
from caviar.documents import read_document
from caviar.errors import ProcessFailed, SearchFailed
from caviar.processes import ending, is_running, ready_url, sigterm_is_ctrl_c, start, stop
from caviar.states import SearchState
from caviar.wire.searches import SearchAnswer
from caviar.words import duration_words, round_words, value_words

_AWAIT_SECONDS = 0.1
_PATIENCE_SECONDS = 60.0


def demonstrate(spec: Path, *, as_json: bool) -> None:
    """Whatever happens, no process stays and no file. Raises ProcessFailed or SearchFailed."""
    size = one_per_core()
    say(f"starting a server and {size} worker{'' if size == 1 else 's'} on this machine")
    with sigterm_is_ctrl_c(), _household(size) as (url, tend), Calls(url) as client:
        _await_workers(client, size, tend)
        search = client.create_search(read_document(str(spec)))
        say(f"POST {url}/v1/searches: {search.trials} trials of {search.name}, {search.spec['parallel']} at once")
        ended = _watch(client, search.id, tend)
        if ended.state is not SearchState.COMPLETED:
            raise SearchFailed(f"the demo's search is {ended.state}")
        _report(client, ended, as_json=as_json)
    say("\nThe demo has stopped what it started. To keep a server running, and to use it from a second terminal:")
    say(f"  caviar up\n  caviar submit {_nearest_path(spec)} --wait")


@contextmanager
def _household(size: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Server and workers in a temporary folder: the server's URL, and what must be called now and then."""
    with TemporaryDirectory(prefix="caviar-demo-") as folder, Path(folder, "log").open("w+", encoding="utf-8") as log:
        settings = _settings(Path(folder))
        server = start("serve", "--json", settings=settings, log=log)
        try:
            url = ready_url(server)
            with Crew(url, size, settings=settings, log=log) as crew:

                def tend() -> None:
                    if not is_running(server):
                        raise ProcessFailed(f"the server {ending(server)}")
                    for line in crew.tend(time.monotonic()):
                        say(line)

                yield url, tend
        except ProcessFailed as error:
            raise ProcessFailed(f"{error.detail}{_last_words(log)}") from error
        finally:
            stop([server])


def _settings(folder: Path) -> dict[str, str]:
    """Nothing of the user's own: another folder, another port, SQLite whatever CAVIAR_DATABASE_URL says."""
    return {
        "CAVIAR_DATA_DIR": str(folder),
        "CAVIAR_DATABASE_URL": f"sqlite:///{folder / 'caviar.db'}",
        "CAVIAR_HOST": "127.0.0.1",
        "CAVIAR_PORT": "0",
    }


def _last_words(log: IO[str]) -> str:
    log.seek(0)
    lines = log.read().splitlines()
    return f": {lines[-1]}" if lines else ""


def _await_workers(client: Calls, size: int, tend: Callable[[], None]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while sum(worker.alive for worker in client.workers().items) < size:
        tend()
        if time.monotonic() > deadline:
            raise ProcessFailed(f"its workers were not ready after {_PATIENCE_SECONDS:g} s")
        time.sleep(_AWAIT_SECONDS)


def _watch(client: Calls, search: str, tend: Callable[[], None]) -> SearchAnswer:
    with choose_view() as view:

        def show(snapshot: Snapshot) -> None:
            for stage in snapshot.new_rounds:
                view.note(f"{round_words(stage)}  ({stage.reason})")
            view.show(snapshot)

        return follow(Camera(client, search), view, on_snapshot=show, before_each=tend)


def _report(client: Calls, search: SearchAnswer, *, as_json: bool) -> None:
    leaders = client.leaderboard(search.id, limit=LEADERS).items
    if as_json:
        sys.stdout.writelines(leaderboard_json(client, search.id))
    else:
        console = stdout_console()
        console.print(leaderboard_table(search, leaders, console=console))
    dev, test = (value_words(leaders[0].metrics[name]) for name in ("dev_accuracy", "test_accuracy"))
    say(
        f"best of {search.progress.finished} trials in {duration_words(search.progress.seconds)}: "
        f"trial {leaders[0].number} with dev accuracy {dev}, test accuracy {test}"
    )


def _nearest_path(path: Path) -> str:
    example = Path("examples/digits.yaml")
    names = [example] if example.exists() and example.samefile(path) else [path, Path(os.path.relpath(path))]
    return min(map(str, names), key=len)
