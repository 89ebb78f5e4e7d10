"""The same search with 1, 4 and 16 workers of random speed, its server killed in the middle, on both databases.

All of them make the same trials with the same results, stop the same ones at the same step for the same reason, and
zoom into the same boxes.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caviar.client import Client
from caviar.states import SearchState
from tests.end_to_end.following import trials, wait_for_the_end, wait_until
from tests.processes import Processes, Server, port_to_keep

SPEC: dict[str, Any] = {
    "trainer": "parabola",
    "metric": "loss",
    "goal": "minimize",
    "space": {
        "rate": {"low": 1e-4, "high": 1.0, "scale": "log"},
        "units": {"low": 10, "high": 100, "type": "int"},
        "kind": {"values": ["a", "b", "c"]},
        "depth": {"low": 0.0, "high": 1.0, "when": {"kind": ["a", "b"]}},
        "steps": {"values": [3, 9]},  # so that trials end in another order than they began
    },
    "start": [{"rate": 0.7, "units": 50, "kind": "c", "steps": 3}],
    "sampler": "zoom",
    "trials": 32,
    "parallel": 8,
    "seed": 5,
}
ENQUEUED = {"rate": 0.03, "units": 57, "kind": "a", "depth": 0.25, "steps": 9}
LONGEST_SECONDS = 300.0
"""For a machine that does a lot of other work."""
SHOWN = {"number", "round", "hyperparameters", "origin", "state", "value", "diverged", "metrics", "error", "stopped"}


@dataclass(frozen=True)
class Story:
    """What a finished search decided, and in which order its trials ended."""

    trials: list[dict[str, Any]]
    """By number; their metrics hold the seed that the worker got."""
    rounds: list[dict[str, Any]]
    ended: list[int]
    workers: set[str]


def story(client: Client, search: str) -> Story:
    found = trials(client, search)
    numbers = {trial.id: trial.number for trial in found}
    return Story(
        trials=[t.model_dump(mode="json", include=SHOWN) | {"parent": numbers.get(t.parent or "")} for t in found],
        rounds=[made.model_dump(mode="json") for made in client.rounds(search).items],
        ended=[trial.number for trial in sorted(found, key=lambda trial: str(trial.finished_at))],
        workers={attempt.worker for trial in found for attempt in trial.attempts},
    )


@contextmanager
def crowd(url: str, search: str, count: int, *, folder: Path) -> Iterator[None]:
    """Workers that leave by themselves when the search has ended; a crash of one of them fails the test."""
    path = folder / f"crowd-{search}-{count}.log"
    command = [sys.executable, "-P", str(Path(__file__).with_name("crowd.py")), url, search, str(count)]
    with path.open("w") as log:
        process = subprocess.Popen(command, stderr=log, start_new_session=True)
    try:
        yield
        assert process.wait(timeout=30) == 0, path.read_text()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def searches_under_way(client: Client, searches: Collection[str]) -> set[str]:
    """Of these, as soon as a dozen trials of one have ended: those in which a round or more has, and none is over."""
    ended: dict[str, int] = {}

    def is_one_in_the_middle() -> bool:
        told = {search: client.search(search) for search in searches}
        assert {search.state for search in told.values()} == {SearchState.ACTIVE}, "it came to its end unharmed"
        ended.update({search: told[search].progress.finished for search in searches})
        return max(ended.values()) >= 12

    wait_until(is_one_in_the_middle)
    return {search for search, count in ended.items() if count >= SPEC["parallel"] // 2}


def kill_in_the_middle(processes: Processes, server: Server, store_url: str, searches: Collection[str]) -> None:
    """Of each of these searches, as often as it takes; another server goes on at once."""
    waiting = set(searches)
    with Client(server.url) as client:
        while waiting:
            waiting -= searches_under_way(client, waiting)
            server.process.kill()
            server.process.wait()
            server = processes.server(store_url, port=server.port)


def run(
    processes: Processes, store_url: str, *, crowds: Sequence[int], folder: Path, fields: Mapping[str, Any]
) -> list[Story]:
    """The same search once for each crowd, all at the same time, on one store."""
    server = processes.server(store_url, port=port_to_keep())
    with Client(server.url) as client, ExitStack() as crowded:
        searches = [client.submit({**SPEC, **fields}).id for _ in crowds]
        for search, count in zip(searches, crowds, strict=True):
            client.enqueue(search, ENQUEUED)
            crowded.enter_context(crowd(server.url, search, count, folder=folder))
        kill_in_the_middle(processes, server, store_url, searches)
        wait_for_the_end(client, *searches, seconds=LONGEST_SECONDS)
        return [story(client, search) for search in searches]


def check_that_all_tell_the_same(stories: Sequence[Story], *, stops: bool) -> None:
    first, *others = stories
    for other in others:
        assert other.trials == first.trials
        assert other.rounds == first.rounds
    # It could have been otherwise: they ended in another order with every crowd, and a good deal happened in them.
    assert len({tuple(told.ended) for told in stories}) >= len({len(told.workers) for told in stories})
    assert {t["origin"] for t in first.trials} == {"enqueued", "sampled", "confirm"}
    assert any(t["diverged"] for t in first.trials)
    assert {t["state"] for t in first.trials} == {"completed", "failed", *(["stopped"] if stops else [])}
    assert len({t["metrics"]["seed"] for t in first.trials}) == len(first.trials)
    assert any(made["box"] != first.rounds[0]["box"] for made in first.rounds)


def test_one_worker_and_four_make_the_same_trials_though_the_server_is_killed(
    sqlite_store_url: str, processes: Processes, tmp_path: Path
) -> None:
    fields = {"trials": 24, "stopping": "asha"}
    stories = run(processes, sqlite_store_url, crowds=(1, 4), folder=tmp_path, fields=fields)
    assert [len(told.workers) for told in stories] == [1, 4]
    check_that_all_tell_the_same(stories, stops=True)


@pytest.mark.long
@pytest.mark.parametrize("rule", ["none", "asha"])
def test_1_4_and_16_workers_make_the_same_trials_on_both_databases(
    sqlite_store_url: str, postgres_store_url: str, processes: Processes, tmp_path: Path, rule: str
) -> None:
    stories = []
    for store_url in (sqlite_store_url, postgres_store_url):
        one, four, sixteen = run(processes, store_url, crowds=(1, 4, 16), folder=tmp_path, fields={"stopping": rule})
        assert (len(one.workers), len(four.workers)) == (1, 4)
        assert len(sixteen.workers) > 8
        stories += [one, four, sixteen]
    check_that_all_tell_the_same(stories, stops=rule != "none")
