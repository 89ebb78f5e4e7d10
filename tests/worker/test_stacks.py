"""Claims of a real server, trained by the worker's own code in the test process."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from caviar.client import Client
from caviar.loop import Desk
from caviar.states import TrialState
from caviar.wire.protocol import ClaimedTrial
from caviar.wire.trials import TrialDetail
from tests.processes import running_processes
from tests.worker.loops import has_ended, wait_until, work
from worker.stacks import quarter_of_memory, stacks
from worker.stacks import train as train_within

SPEC: Mapping[str, Any] = {
    "trainer": "mlp",
    "dataset": "iris",
    "metric": "dev_accuracy",
    "goal": "maximize",
    "space": {
        "learning_rate": {"low": 1e-3, "high": 1e-1, "scale": "log"},
        "hidden_units": {"values": [4, 8]},
        "epochs": {"values": [2, 5]},
        "batch_size": {"values": [16, 32]},
    },
    "sampler": "random",
    "trials": 8,
    "parallel": 8,
}
EXAMPLE = ClaimedTrial.model_json_schema()["examples"][0]
train = partial(train_within, budget_bytes=quarter_of_memory())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("stacks")
    with running_processes(folder) as processes:
        # Short leases, so that heartbeats, which tell of what was cancelled, are frequent.
        server = processes.server(f"sqlite:///{folder / 'caviar.db'}", CAVIAR_LEASE_TTL_SECONDS="2")
        with Client(server.url) as client:
            yield client


def trained(
    client: Client,
    *,
    capacity: int,
    run: Callable[[Sequence[ClaimedTrial], Desk], None] = train,
    **fields: Any,
) -> list[TrialDetail]:
    """The trials of a search that ended."""
    search = client.submit({**SPEC, **fields}).id
    work(client.url, run, until=lambda: has_ended(client, search), trainer="mlp", capacity=capacity, search=search)
    return [client.trial(trial.id) for trial in client.trials(search).items]


def claimed(**fields: Any) -> ClaimedTrial:
    return ClaimedTrial.model_validate(EXAMPLE | fields)


def test_trials_of_one_stack_stand_together_and_one_without_a_stack_alone() -> None:
    given = [(0, "b"), (1, ""), (2, "a"), (3, "b"), (4, "")]
    grouped = stacks([claimed(number=number, stack=stack) for number, stack in given])
    assert [[trial.number for trial in group] for group in grouped] == [[1], [4], [2], [0, 3]]


def test_a_trial_gives_the_same_numbers_alone_and_in_a_stack(client: Client) -> None:
    sizes: list[list[int]] = []

    def watched(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
        sizes.append([len(stack) for stack in stacks(trials)])
        train(trials, desk)

    alone = trained(client, capacity=1, run=watched)
    assert sizes == [[1]] * 8
    sizes.clear()
    together = trained(client, capacity=8, run=watched)
    assert len(sizes[0]) == 2
    assert sum(sizes[0]) == 8

    assert [trial.metrics for trial in together] == [trial.metrics for trial in alone]
    assert {trial.state for trial in together} == {TrialState.COMPLETED}
    assert len({trial.value for trial in together}) > 1
    for one, other in zip(alone, together, strict=True):
        curves = [[r.metrics for r in client.reports(trial.id).items] for trial in (one, other)]
        assert curves[0] == curves[1]
        assert len(curves[0]) == one.hyperparameters["epochs"]
        assert curves[0][-1] == one.metrics


def test_the_metrics_are_those_that_the_interface_promises(client: Client) -> None:
    trial, *_ = trained(client, capacity=8, trials=1)
    names = {f"{part}_{name}" for part in ("train", "dev", "test") for name in ("cost", "accuracy", "error")}
    assert names <= set(trial.metrics)
    assert "test_accuracy" not in client.reports(trial.id).items[0].metrics


def test_a_stack_that_cannot_be_trained_leaves_the_others_alone(client: Client) -> None:
    def spoiled(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
        """One stack's data is not what the search was created with."""
        doomed = trials[0].stack
        other = trials[0].dataset.model_copy(update={"hash": "sha256:0"}) if trials[0].dataset else None
        train([t.model_copy(update={"dataset": other}) if t.stack == doomed else t for t in trials], desk)

    trials = trained(client, capacity=8, run=spoiled)

    doomed = [trial for trial in trials if trial.state is TrialState.FAILED]
    assert {trial.hyperparameters["batch_size"] for trial in doomed} == {trials[0].hyperparameters["batch_size"]}
    for trial in doomed:
        assert trial.error is not None
        assert trial.error.detail.startswith("the dataset iris of this worker has the content sha256:")
    completed = [trial for trial in trials if trial.state is TrialState.COMPLETED]
    assert len(completed) == 8 - len(doomed) > 0


def test_trials_that_do_not_fit_into_memory_fail_with_what_they_need(client: Client) -> None:
    trials = trained(client, capacity=8, trials=2, run=partial(train_within, budget_bytes=1000))
    for trial in trials:
        assert trial.error is not None
        assert re.match(r"One network needs about .* MB to train, the budget is 0\.0 MB", trial.error.detail)


def test_a_trial_that_is_too_large_fails_alone(client: Client) -> None:
    space = {**SPEC["space"], "hidden_units": {"values": [4, 4000]}, "epochs": 1, "batch_size": 16}
    trials = trained(client, capacity=8, space=space, run=partial(train_within, budget_bytes=10_000_000))
    states = {(trial.hyperparameters["hidden_units"], trial.state) for trial in trials}
    assert states == {(4, TrialState.COMPLETED), (4000, TrialState.FAILED)}


def test_hyperparameters_that_the_trainer_refuses_fail_their_trial_in_one_sentence(client: Client) -> None:
    def spoiled(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
        bad = trials[0].model_copy(update={"stack": "", "hyperparameters": {"batch_size": 1, "epochs": 1}})
        train([bad, *trials[1:]], desk)

    first, *others = trained(client, capacity=8, run=spoiled)

    assert first.error is not None
    assert first.error.detail.startswith("batch_size is 1; it must be at least 2")
    assert {trial.state for trial in others} == {TrialState.COMPLETED}


def test_a_network_that_diverges_leaves_its_stack_and_is_ranked_last(client: Client) -> None:
    space = {"learning_rate": {"values": [0.01, 1e30]}, "optimizer": "momentum", "batch_norm": False, "epochs": 5}
    trials = trained(client, capacity=8, space={**space, "batch_size": 16})

    wild = {trial.id for trial in trials if trial.hyperparameters["learning_rate"] == 1e30}
    assert 0 < len(wild) < 8
    assert {trial.id for trial in trials if trial.diverged} == wild
    assert {trial.state for trial in trials} == {TrialState.COMPLETED}
    assert {trial.attempts[0].last_step for trial in trials if not trial.diverged} == {5}


def test_a_cancelled_trial_leaves_its_stack_and_the_others_go_on(client: Client) -> None:
    def watched(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
        client.cancel_trial(trials[0].id)
        wait_until(lambda: trials[0].id not in desk.wanted())
        train(trials, desk)

    first, *others = trained(client, capacity=8, run=watched)

    assert (first.state, first.attempts[0].last_step) == (TrialState.CANCELLED, None)
    assert {trial.state for trial in others} == {TrialState.COMPLETED}
