"""Caviar as a user runs it: a server on SQLite and two workers, one search, and everything ended again."""

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.whole import Outcome
from caviar.client import Client
from caviar.processes import Process, ready_url, start, stop, wait_until_listening
from caviar.states import SearchState
from caviar.wire.searches import SearchAnswer

WORKERS = 2
_HOST = "127.0.0.1"
_POLL_SECONDS = 0.1


class NotCompleted(RuntimeError):
    """The search did not end as it should; says how it did."""


def run(document: Mapping[str, Any]) -> Outcome:
    """From nothing to nothing: the clock runs while processes start, work and end. Raises NotCompleted."""
    with TemporaryDirectory(prefix="caviar-bench-") as folder, Path(folder, "log").open("w", encoding="utf-8") as log:
        settings = _settings(Path(folder))
        started = time.perf_counter()
        processes = [start("serve", "--json", settings=settings, log=log)]
        try:
            # As `caviar up` does: the workers load while the server does.
            wait_until_listening(processes[0], _HOST, int(settings["CAVIAR_PORT"]))
            url = f"http://{_HOST}:{settings['CAVIAR_PORT']}"
            processes += [start("worker", url, settings=settings, log=log) for _ in range(WORKERS)]
            with Client(ready_url(processes[0])) as client:
                search = client.create_search(document)
                first_trial_at = _first_trial(client, search.id, processes)
                ended = _end(client, search.id, processes)
        finally:
            stop(processes[1:])
            stop(processes[:1])
        return _outcome(ended, seconds=time.perf_counter() - started, start_up_seconds=first_trial_at - started)


def _settings(folder: Path) -> dict[str, str]:
    """Nothing of the user's own: another folder, another port, SQLite whatever CAVIAR_DATABASE_URL says."""
    return {
        "CAVIAR_DATA_DIR": str(folder),
        "CAVIAR_DATABASE_URL": f"sqlite:///{folder / 'caviar.db'}",
        "CAVIAR_HOST": _HOST,
        "CAVIAR_PORT": str(_free_port()),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _first_trial(client: Client, search: str, processes: list[Process]) -> float:
    """When a worker was first seen with a trial."""
    while not _has_begun(client.read_search(search)):
        _sleep(processes)
    return time.perf_counter()


def _has_begun(search: SearchAnswer) -> bool:
    return search.counts.running > 0 or search.progress.finished > 0


def _end(client: Client, search: str, processes: list[Process]) -> SearchAnswer:
    """The search when it is over."""
    while (answer := client.read_search(search)).state is SearchState.ACTIVE:
        _sleep(processes)
    return answer


def _sleep(processes: list[Process]) -> None:
    if any(process.poll() is not None for process in processes):
        raise NotCompleted("the server or a worker ended before the search did")
    time.sleep(_POLL_SECONDS)


def _outcome(search: SearchAnswer, *, seconds: float, start_up_seconds: float) -> Outcome:
    if search.state is not SearchState.COMPLETED or search.best is None or search.counts.completed < search.trials:
        raise NotCompleted(f"the search is {search.state} with {search.counts.completed} completed trials")
    return Outcome(
        seconds=seconds,
        start_up_seconds=start_up_seconds,
        trials=search.counts.completed,
        best=float(search.best.value),
    )
