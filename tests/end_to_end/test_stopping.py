"""Stopping rules with real processes: the same trials are stopped at the same step with one worker or three."""

from typing import Any

from caviar.client import Client
from tests.end_to_end.following import trials, wait_for_the_end
from tests.processes import Processes

SPEC: dict[str, Any] = {
    "trainer": "mlp",
    "dataset": "digits",
    "metric": "dev_cost",
    "goal": "minimize",
    "space": {
        "learning_rate": {"low": 1e-5, "high": 1.0, "scale": "log"},
        "hidden_units": {"low": 8, "high": 64, "type": "int"},
        "epochs": {"values": [9, 20]},
    },
    "sampler": "zoom",
    "trials": 24,
    "parallel": 6,
}


def decisions(client: Client, search: str) -> list[Any]:
    """What became of each trial, and the cutoffs it was held against."""
    rounds = client.rounds(search).items
    ends = [(t.hyperparameters, t.state, t.value, t.stopped) for t in trials(client, search)]
    return [*ends, *(made.cutoffs for made in rounds)]


def test_one_worker_and_three_stop_the_same_trials_at_the_same_steps(processes: Processes, store_url: str) -> None:
    server = processes.server(store_url)
    specs = [{**SPEC, "stopping": name} for name in ("asha", "median")]
    with Client(server.url) as client:
        alone = [client.submit(spec).id for spec in specs]
        processes.worker(server.url)
        wait_for_the_end(client, *alone)
        for _ in range(2):
            processes.worker(server.url)
        crowded = [client.submit(spec).id for spec in specs]
        wait_for_the_end(client, *crowded)
        for one, other in zip(alone, crowded, strict=True):
            assert decisions(client, other) == decisions(client, one)
            ended = [(t.stopped, t.attempts[0]) for t in trials(client, one)]
            stopped = [(stop.step, attempt.outcome, attempt.last_step) for stop, attempt in ended if stop is not None]
            assert 0 < len(stopped) < 24
            assert all((outcome, last) == ("stopped", step) for step, outcome, last in stopped)
