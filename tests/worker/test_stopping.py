"""A stopping rule and the worker's own code: a network that is stopped leaves its stack, and its epochs are saved."""

from collections import Counter
from collections.abc import Mapping, Sequence

from caviar.client import Client
from caviar.loop import Desk
from caviar.states import TrialState
from caviar.wire.protocol import ClaimedTrial
from tests.processes import Processes
from tests.worker.loops import has_ended, work
from worker.stacks import quarter_of_memory
from worker.stacks import train as train_within

EPOCHS = 120
SPEC = {
    "trainer": "mlp",
    "dataset": "digits",
    "metric": "dev_accuracy",
    "goal": "maximize",
    "space": {
        "learning_rate": {"low": 1e-5, "high": 1e-1, "scale": "log"},
        "hidden_units": 32,
        "batch_size": 128,
        "layers": 1,
        "epochs": EPOCHS,
    },
    "sampler": "zoom",
    "stopping": "asha",
    "trials": 16,
    "parallel": 8,
}


class CountingDesk(Desk):
    """The desk that a claim was given, with a count of the epochs that were trained, wanted or not."""

    def __init__(self, desk: Desk, epochs: Counter[str]) -> None:
        vars(self).update(vars(desk))
        self._epochs = epochs

    def report(self, trial: str, *, step: int, metrics: Mapping[str, float]) -> None:
        self._epochs[trial] += 1
        super().report(trial, step=step, metrics=metrics)


def test_networks_that_are_stopped_leave_their_stack_and_train_no_further(
    processes: Processes, sqlite_store_url: str
) -> None:
    server = processes.server(sqlite_store_url)
    epochs: Counter[str] = Counter()

    def train(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
        train_within(trials, CountingDesk(desk, epochs), budget_bytes=quarter_of_memory())

    with Client(server.url) as client:
        search = client.submit(SPEC).id
        work(server.url, train, until=lambda: has_ended(client, search), trainer="mlp", search=search)
        trials = client.trials(search).items
        stops = {trial.id: trial.stopped.step for trial in trials if trial.stopped}
        curves = {trial: [report.step for report in client.reports(trial).items] for trial in stops}

    assert {trial.state for trial in trials} == {TrialState.COMPLETED, TrialState.STOPPED}
    for trial, step in stops.items():
        assert step in (1, 3, 9, 27, 81)
        assert curves[trial] == list(range(1, step + 1))
    # One that was stopped late may have trained on to its end before its worker heard of it.
    early = [trial for trial, step in stops.items() if step <= 9]
    assert len(early) >= 4
    assert all(stops[trial] <= epochs[trial] < EPOCHS for trial in early)
    assert {epochs[trial.id] for trial in trials if trial.id not in stops} == {EPOCHS}
