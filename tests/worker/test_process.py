"""Worker processes and what signals do to them."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from caviar.client import Client
from caviar.states import AttemptOutcome, TrialState
from tests.processes import Processes, Server
from tests.worker.loops import toy_spec, wait_until

ENDLESS: dict[str, Any] = {
    "trainer": "mlp",
    "dataset": "iris",
    "metric": "dev_accuracy",
    "goal": "maximize",
    "space": {"learning_rate": {"low": 1e-3, "high": 1e-1, "scale": "log"}, "epochs": 1_000_000},
    "trials": 4,
    "parallel": 4,
}


@pytest.fixture
def server(processes: Processes, tmp_path: Path) -> Server:
    return processes.server(f"sqlite:///{tmp_path / 'caviar.db'}")


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_returns_what_is_trained_and_a_second_worker_takes_over(
    processes: Processes, server: Server, client: Client, end: signal.Signals
) -> None:
    search = client.submit(ENDLESS).id
    first = processes.worker(server.url)
    wait_until(lambda: all(_steps(client, trial.id) > 2 for trial in client.trials(search, state="running").items))
    wait_until(lambda: client.search(search).counts.running == 4)

    start = time.monotonic()
    first.process.send_signal(end)
    assert first.process.wait(10) == 0
    assert time.monotonic() - start < 5.0

    assert client.search(search).counts.queued == 4
    processes.worker(server.url)
    wait_until(lambda: client.search(search).counts.running > 0)
    for trial in client.trials(search, state="running").items:
        attempts = client.trial(trial.id).attempts
        assert [attempt.outcome for attempt in attempts] == [AttemptOutcome.RETURNED, AttemptOutcome.RUNNING]
        assert [attempt.worker for attempt in attempts] == ["worker-0", "worker-1"]


def _steps(client: Client, trial: str) -> int:
    return client.trial(trial).attempts[-1].last_step or 0


def test_a_signal_to_an_idle_worker_ends_it_at_once_with_nothing_in_its_hands(
    processes: Processes, server: Server, client: Client
) -> None:
    worker = processes.worker(server.url)

    start = time.monotonic()
    worker.process.terminate()
    assert worker.process.wait(10) == 0
    assert time.monotonic() - start < 3.0

    search = client.submit(ENDLESS).id
    # The dead worker's long poll would have taken these before the answer to any request that follows.
    other = client.submit(toy_spec()).id
    assert client.search(other).counts.queued == 4
    assert {trial.state for trial in client.trials(search).items} == {TrialState.QUEUED}


def test_a_second_signal_ends_the_process_at_once(processes: Processes, server: Server, client: Client) -> None:
    client.submit(ENDLESS)
    worker = processes.worker(server.url)
    wait_until(lambda: bool(client.workers().items[0].running))
    server.process.send_signal(signal.SIGSTOP)  # so that the first one waits for it
    try:
        worker.process.terminate()
        wait_until(lambda: "draining" in worker.said())
        worker.process.terminate()
        assert worker.process.wait(3) == -signal.SIGTERM
    finally:
        server.process.send_signal(signal.SIGCONT)


def test_a_worker_tells_who_it_is(processes: Processes, server: Server, client: Client) -> None:
    worker = processes.worker(server.url, "--capacity", "3")
    (told,) = client.workers().items
    assert (told.name, told.alive, told.trainers, told.capacity) == ("worker-0", True, ["mlp"], 3)
    assert told.about["pid"] == worker.process.pid
    assert {"caviar", "python", "numpy", "host"} <= set(told.about)


def test_a_worker_for_one_search_leaves_the_others_alone(processes: Processes, server: Server, client: Client) -> None:
    quick = ENDLESS | {"space": {"epochs": 1}}
    other, own = client.submit(quick).id, client.submit(quick).id
    processes.worker(server.url, "--search", own)
    wait_until(lambda: client.search(own).counts.completed == 4)
    assert client.search(other).counts.queued == 4
