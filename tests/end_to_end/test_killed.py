"""Real servers and workers, killed without warning in the middle of a search: every trial has exactly one result."""

from caviar.client import Client
from caviar.states import AttemptOutcome, TrialState
from tests.end_to_end.following import leaderboard, network_spec, trials, wait_for_the_end, wait_until
from tests.processes import Processes, port_to_keep

EPOCHS = 300


def steps(client: Client, search: str) -> list[int]:
    """How far the running trials are, by the server's knowledge."""
    running = [client.trial(trial.id) for trial in client.trials(search, state="running").items]
    return [trial.attempts[-1].last_step or 0 for trial in running if trial.state is TrialState.RUNNING]


def check_that_every_trial_has_one_result(client: Client, search: str, *, count: int) -> None:
    told, all_trials, rows = client.search(search), trials(client, search), leaderboard(client, search)
    assert [trial.number for trial in all_trials] == list(range(count))
    assert {trial.state for trial in all_trials} == {TrialState.COMPLETED}
    assert told.counts.model_dump() == dict.fromkeys(TrialState, 0) | {TrialState.COMPLETED: count}
    for trial in all_trials:
        *lost, last = trial.attempts
        assert last.outcome is AttemptOutcome.COMPLETED
        assert {attempt.outcome for attempt in lost} <= {AttemptOutcome.LOST}
        assert [attempt.attempt for attempt in trial.attempts] == list(range(1, len(trial.attempts) + 1))
        assert trial.value == trial.metrics["dev_accuracy"]
    assert sorted(row.number for row in rows) == list(range(count))
    assert [row.rank for row in rows] == list(range(1, count + 1))
    assert {row.number: row.value for row in rows} == {trial.number: trial.value for trial in all_trials}


def test_a_worker_killed_in_the_middle_costs_attempts_and_no_result(store_url: str, processes: Processes) -> None:
    server = processes.server(store_url, CAVIAR_LEASE_TTL_SECONDS="1.5")
    workers = {f"worker-{number}": processes.worker(server.url, "--capacity", "4") for number in range(2)}
    with Client(server.url) as client:
        search = client.submit(network_spec(space={"epochs": EPOCHS})).id

        def has_much_to_lose() -> bool:
            """The first worker holds trials that are under way and far from their end."""
            held = {worker.name: worker.running for worker in client.workers().items}["worker-0"]
            attempts = [client.trial(trial).attempts[-1] for trial in held]
            return bool(attempts) and all(1 <= (a.last_step or 0) <= EPOCHS // 3 for a in attempts)

        wait_until(lambda: client.search(search).counts.completed > 0 and has_much_to_lose())
        workers["worker-0"].process.kill()
        wait_for_the_end(client, search)

        check_that_every_trial_has_one_result(client, search, count=18)
        attempts = [attempt for trial in trials(client, search) for attempt in trial.attempts]
        lost = [attempt for attempt in attempts if attempt.outcome is AttemptOutcome.LOST]
        assert {attempt.worker for attempt in lost} == {"worker-0"}
        finishers = {attempt.worker for attempt in attempts if attempt.outcome is AttemptOutcome.COMPLETED}
        assert finishers == {"worker-0", "worker-1"}


def test_a_server_killed_in_the_middle_costs_neither_a_result_nor_an_attempt(
    store_url: str, processes: Processes
) -> None:
    server = processes.server(store_url, port=port_to_keep())
    for _ in range(2):
        processes.worker(server.url, "--capacity", "4")
    with Client(server.url) as client:
        search = client.submit(network_spec(space={"epochs": EPOCHS // 3})).id
        wait_until(lambda: client.search(search).counts.completed > 0 and max(steps(client, search), default=0) > 1)
        acknowledged = trials(client, search)

        server.process.kill()
        server.process.wait()
        processes.server(store_url, port=server.port)
        wait_for_the_end(client, search)

        check_that_every_trial_has_one_result(client, search, count=18)
        assert {len(trial.attempts) for trial in trials(client, search)} == {1}
        now = {trial.id: trial for trial in trials(client, search)}
        for trial in acknowledged:
            if trial.state is TrialState.COMPLETED:
                # It may have been run again since, with another seed, as the last trials of a zoom are.
                assert now[trial.id].model_copy(update={"confirmed": trial.confirmed}) == trial
            assert now[trial.id].hyperparameters == trial.hyperparameters
        for trial in now.values():
            curve = [report.step for report in client.reports(trial.id).items]
            assert curve == list(range(1, len(curve) + 1))
            assert len(curve) == (trial.attempts[0].last_step or 0)
