"""The loop against a real server, with runners that train nothing."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from caviar.client import Client
from caviar.errors import NotFound
from caviar.loop import Desk
from caviar.search import Search
from caviar.states import AttemptOutcome, TrialState
from caviar.wire.protocol import ClaimedTrial
from caviar.wire.trials import TrialDetail
from tests.processes import Processes, running_processes
from tests.worker.loops import BadNetwork, has_ended, toy_spec, wait_until, work


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Of a server with leases of one second."""
    folder = tmp_path_factory.mktemp("loop")
    with running_processes(folder) as processes:
        server = processes.server(f"sqlite:///{folder / 'caviar.db'}", CAVIAR_LEASE_TTL_SECONDS="1")
        with Client(server.url) as client:
            yield client


def trainer_of(search: Search) -> str:
    return str(search.spec["trainer"])


def trials_of(client: Client, search: Search) -> list[TrialDetail]:
    return [client.trial(trial.id) for trial in client.trials(search.id).items]


def steps(client: Client, trial: TrialDetail) -> list[int]:
    return [report.step for report in client.reports(trial.id).items]


def three_steps(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
    for step in (1, 2, 3):
        for trial in trials:
            desk.report(trial.id, step=step, metrics={"loss": trial.hyperparameters["x"] / step})
    for trial in trials:
        desk.complete(trial.id, {"done": 1.0})


def test_every_trial_is_run_once_with_its_reports_before_its_result(client: Client) -> None:
    search = client.submit(toy_spec(trials=10, parallel=4))
    work(client.url, three_steps, until=lambda: has_ended(client, search.id), trainer=trainer_of(search), capacity=3)

    trials = trials_of(client, search)
    assert [trial.number for trial in trials] == list(range(10))
    assert {trial.state for trial in trials} == {TrialState.COMPLETED}
    assert {len(trial.attempts) for trial in trials} == {1}
    assert [steps(client, trial) for trial in trials] == [[1, 2, 3]] * 10
    assert [trial.value for trial in trials] == [trial.hyperparameters["x"] / 3 for trial in trials]


def test_a_runner_may_be_silent_for_longer_than_its_lease(client: Client) -> None:
    search = client.submit(toy_spec(trials=1))

    def brood(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
        (trial,) = trials
        wait_until(lambda: _spoken_for(client, trial) > 3.0)
        desk.complete(trial.id, {"loss": 1.0})

    work(client.url, brood, until=lambda: has_ended(client, search.id), trainer=trainer_of(search))

    (trial,) = trials_of(client, search)
    assert [attempt.outcome for attempt in trial.attempts] == [AttemptOutcome.COMPLETED]


def _spoken_for(client: Client, trial: ClaimedTrial) -> float:
    """Seconds, by the server's clock, from the trial's claim to its worker's last word."""
    attempt = client.trial(trial.id).attempts[0]
    (worker,) = [worker for worker in client.workers(limit=1000).items if worker.name == attempt.worker]
    return (worker.seen_at - attempt.started_at).total_seconds()


def test_a_server_killed_and_started_again_while_trials_run_costs_nothing(processes: Processes, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'caviar.db'}"
    server = processes.server(store)
    with Client(server.url) as client:
        search = client.submit(toy_spec(trials=6, parallel=3))

        def run(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
            for trial in trials:
                desk.report(trial.id, step=1, metrics={"loss": 1.0})
            if trials[0].number == 0:
                server.process.kill()
                server.process.wait()
                for trial in trials:
                    desk.report(trial.id, step=2, metrics={"loss": 0.5})
                processes.server(store, port=server.port)
            for trial in trials:
                desk.complete(trial.id, {"loss": 0.25})

        said = work(server.url, run, until=lambda: has_ended(client, search.id), trainer=trainer_of(search), capacity=3)

        trials = trials_of(client, search)
        assert {(trial.state, len(trial.attempts)) for trial in trials} == {(TrialState.COMPLETED, 1)}
        assert [steps(client, trial) for trial in trials] == [[1, 2]] * 3 + [[1]] * 3
    assert said[-1] == "the server answers again"


def test_a_loop_that_waits_for_trials_goes_on_waiting_at_a_server_that_was_started_again(
    processes: Processes, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path / 'caviar.db'}"
    server = processes.server(store)
    with Client(server.url) as client:
        spec = toy_spec()
        submitted: list[Search] = []

        def is_done() -> bool:
            if not submitted:
                wait_until(lambda: bool(client.workers().items))
                server.process.kill()
                server.process.wait()
                processes.server(store, port=server.port)
                submitted.append(client.submit(spec))
            return has_ended(client, submitted[0].id)

        said = work(server.url, three_steps, until=is_done, trainer=spec["trainer"])

        assert {trial.state for trial in trials_of(client, submitted[0])} == {TrialState.COMPLETED}
    assert [sentence.rpartition("; ")[2] for sentence in said] == ["trying again", "the server answers again"]


def test_a_drain_ends_a_long_poll_at_once_and_leaves_no_lease(client: Client) -> None:
    trainer = toy_spec()["trainer"]
    drained_at: list[float] = []

    def is_polling() -> bool:
        drained_at[:] = [time.monotonic()]
        return any(trainer in worker.trainers for worker in client.workers(limit=1000).items)

    assert work(client.url, three_steps, until=is_polling, trainer=trainer) == []

    assert time.monotonic() - drained_at[0] < 2.0
    (worker,) = [worker for worker in client.workers(limit=1000).items if trainer in worker.trainers]
    assert worker.running == []


def test_a_drain_ends_the_wait_for_a_server_that_is_away_at_once(processes: Processes, tmp_path: Path) -> None:
    server = processes.server(f"sqlite:///{tmp_path / 'caviar.db'}")
    server.process.kill()
    server.process.wait()
    start = time.monotonic()
    # By then the pauses between its tries are long.
    said = work(server.url, three_steps, until=lambda: time.monotonic() - start > 4.0, trainer="any")
    assert time.monotonic() - start < 6.0
    assert len(said) == 1


def test_a_claim_is_repeated_before_what_it_was_granted_runs_out(processes: Processes, tmp_path: Path) -> None:
    """Six pauses that double from one to the next would take eight seconds; the lease lasts three."""
    server = processes.server(f"sqlite:///{tmp_path / 'caviar.db'}", CAVIAR_LEASE_TTL_SECONDS="3")
    network = BadNetwork("unanswered", *["unheard"] * 5)
    with Client(server.url) as client:
        search = client.submit(toy_spec(trials=1))

        work(
            server.url,
            three_steps,
            until=lambda: has_ended(client, search.id),
            trainer=trainer_of(search),
            heartbeat=0.2,
            network=network,
        )

        (trial,) = trials_of(client, search)
    assert not network.faults
    assert [attempt.outcome for attempt in trial.attempts] == [AttemptOutcome.COMPLETED]


def test_a_drain_asks_until_it_knows_what_an_unanswered_claim_was_granted(client: Client) -> None:
    search = client.submit(toy_spec(trials=1))
    # As many as a loop that drains at the first of them still meets.
    network = BadNetwork(*["unanswered"] * 3)

    work(
        client.url,
        three_steps,
        until=lambda: client.search(search.id).counts.running == 1,
        trainer=trainer_of(search),
        network=network,
    )

    (trial,) = trials_of(client, search)
    assert not network.faults
    assert [attempt.outcome for attempt in trial.attempts] == [AttemptOutcome.RETURNED]


def test_a_drain_while_trials_run_returns_them_to_the_queue(client: Client) -> None:
    search = client.submit(toy_spec(trials=3))

    def endless(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
        desk.complete(trials[0].id, {"loss": 1.0})
        wait_until(lambda: not desk.wanted())

    work(
        client.url,
        endless,
        until=lambda: client.search(search.id).counts.completed == 1,
        trainer=trainer_of(search),
    )

    done, *returned = trials_of(client, search)
    assert done.state is TrialState.COMPLETED
    assert [trial.state for trial in returned] == [TrialState.QUEUED] * 2
    assert [[attempt.outcome for attempt in trial.attempts] for trial in returned] == [[AttemptOutcome.RETURNED]] * 2


@pytest.mark.parametrize(
    ("reason", "told"), [("no luck", "no luck"), ("file \udcff", "file \\udcff"), ("NUL \0", "NUL \\x00")]
)
def test_a_runner_that_raises_fails_its_trials_with_the_traceback_and_the_loop_goes_on(
    client: Client, reason: str, told: str
) -> None:
    search = client.submit(toy_spec(trials=4, parallel=2))

    def run(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
        if trials[0].number == 0:
            raise LookupError(reason)
        three_steps(trials, desk)

    work(client.url, run, until=lambda: has_ended(client, search.id), trainer=trainer_of(search), capacity=2)

    *failed, third, fourth = trials_of(client, search)
    for trial in failed:
        assert (trial.state, len(trial.attempts)) == (TrialState.FAILED, 1)
        assert trial.error is not None
        assert trial.error.code == "exception"
        assert trial.error.detail.startswith("Traceback (most recent call last):")
        assert trial.error.detail.endswith(f"LookupError: {told}\n")
    assert (third.state, fourth.state) == (TrialState.COMPLETED, TrialState.COMPLETED)


def test_a_result_that_no_server_could_read_fails_the_trial_with_the_reason(client: Client) -> None:
    search = client.submit(toy_spec(trials=1))

    def run(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
        desk.complete(trials[0].id, {"no name!": 1.0})

    work(client.url, run, until=lambda: has_ended(client, search.id), trainer=trainer_of(search))

    (trial,) = trials_of(client, search)
    assert trial.state is TrialState.FAILED
    assert trial.error is not None
    assert "no name!" in trial.error.detail


def test_a_trial_that_a_runner_forgets_is_failed(client: Client) -> None:
    search = client.submit(toy_spec(trials=2))

    def run(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
        desk.complete(trials[0].id, {"loss": float("nan")})

    work(client.url, run, until=lambda: has_ended(client, search.id), trainer=trainer_of(search))

    diverged, forgotten = trials_of(client, search)
    assert (diverged.state, diverged.diverged) == (TrialState.COMPLETED, True)
    assert forgotten.error is not None
    assert forgotten.error.detail == "the trainer ended without a result for this trial"


def test_a_cancelled_trial_is_no_longer_wanted_and_the_others_are(client: Client) -> None:
    search = client.submit(toy_spec(trials=2))
    seen: list[set[str]] = []

    def run(trials: Sequence[ClaimedTrial], desk: Desk) -> None:
        cancelled, kept = (trial.id for trial in trials)
        seen.append(desk.wanted())
        client.cancel_trial(cancelled)
        wait_until(lambda: desk.wanted() == {kept})
        desk.report(cancelled, step=1, metrics={"loss": 0.0})
        desk.complete(cancelled, {"loss": 0.0})
        desk.complete(kept, {"loss": 1.0})
        seen.append(desk.wanted())

    work(client.url, run, until=lambda: has_ended(client, search.id), trainer=trainer_of(search))

    trials = trials_of(client, search)
    assert seen == [{trial.id for trial in trials}, set()]
    assert [trial.state for trial in trials] == [TrialState.CANCELLED, TrialState.COMPLETED]


def test_a_loop_for_a_search_that_does_not_exist_ends_with_the_reason(client: Client) -> None:
    with pytest.raises(NotFound, match="there is no search 999999"):
        work(client.url, three_steps, until=lambda: False, trainer="any", search="999999")
