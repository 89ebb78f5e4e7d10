"""Ask and tell against a real server with leases of one second."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from caviar import Client
from caviar.asking import AskedTrial
from caviar.errors import SearchEnded, UsageError, WaitedTooLong
from caviar.search import Search
from caviar.states import AttemptOutcome, TrialState
from tests.processes import Processes, port_to_keep, running_processes
from tests.worker.loops import toy_spec, wait_until


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("asking")
    with running_processes(folder) as processes:
        server = processes.server(f"sqlite:///{folder / 'caviar.db'}", CAVIAR_LEASE_TTL_SECONDS="1")
        with Client(server.url) as client:
            yield client


def run(trial: AskedTrial) -> None:
    with trial:
        for step in (1, 2):
            trial.report(step, loss=trial.hyperparameters["x"] / step)


def test_a_search_is_run_by_asking_until_it_has_ended(client: Client) -> None:
    search = client.submit(toy_spec(trials=5, parallel=2, sampler="zoom"))

    numbers = []
    for trial in search.asks():
        run(trial)
        numbers.append(trial.number)

    assert (sorted(numbers), search.refresh().state) == (list(range(5)), "completed")
    for answer in search.trials():
        assert answer.value == answer.hyperparameters["x"] / 2
        assert [report.step for report in client.reports(answer.id).items] == [1, 2]


def test_finish_gives_a_result_of_its_own_and_numbers_of_any_library(client: Client) -> None:
    numpy = pytest.importorskip("numpy")
    search = client.submit(toy_spec(trials=1))
    with search.ask() as trial:
        trial.report(1, {"loss": numpy.float32(0.5), "loss/dev": 7})
        trial.finish(loss=numpy.array(0.25), seconds=3)

    answer = next(search.trials())
    assert (answer.state, answer.value, answer.metrics["loss/dev"]) == (TrialState.COMPLETED, 0.25, 7)


def test_an_exception_fails_the_trial_with_its_traceback_and_goes_on(client: Client) -> None:
    search = client.submit(toy_spec(trials=1))
    with pytest.raises(ZeroDivisionError), search.ask() as trial:
        trial.report(1, loss=1 / 0)

    (answer,) = search.trials(state="failed")
    assert answer.error is not None
    assert answer.error.detail.startswith("Traceback")
    assert "trial.report(1, loss=1 / 0)" in answer.error.detail
    assert answer.error.detail.rstrip().endswith("ZeroDivisionError: division by zero")


def test_an_interrupted_trial_goes_back_to_the_queue_at_once(client: Client) -> None:
    search = client.submit(toy_spec(trials=1))
    with pytest.raises(KeyboardInterrupt), search.ask():
        raise KeyboardInterrupt

    with search.ask(timeout=0.5) as again:
        again.finish(loss=1)
    outcomes = [attempt.outcome for attempt in client.trial(again.id).attempts]
    assert outcomes == [AttemptOutcome.RETURNED, AttemptOutcome.COMPLETED]


def test_the_lease_lives_while_the_block_is_silent(client: Client) -> None:
    search = client.submit(toy_spec(trials=1))
    with search.ask() as trial:
        time.sleep(2.5)
        assert not trial.should_stop
        trial.finish(loss=1)

    assert len(client.trial(trial.id).attempts) == 1


def test_a_trial_that_is_cancelled_should_stop_and_what_is_said_then_is_ignored(client: Client) -> None:
    search = client.submit(toy_spec(trials=1))
    with search.ask() as trial:
        assert not trial.should_stop
        client.cancel_trial(trial.id)
        wait_until(lambda: trial.should_stop)
        trial.report(1, loss=1)

    assert client.trial(trial.id).state is TrialState.CANCELLED


def test_a_stopping_rule_stops_what_falls_behind(client: Client) -> None:
    search = client.submit(toy_spec(trials=4, parallel=1, stopping={"name": "median", "min_trials": 2}))
    for trial in search.asks():
        with trial:
            trial.report(1, loss=float(trial.number))
            if trial.number >= 2:
                wait_until(lambda asked=trial: asked.should_stop)  # type: ignore[misc]
            else:
                trial.report(2, loss=0.5)

    assert [answer.state for answer in search.trials()] == ["completed", "completed", "stopped", "stopped"]
    assert [answer.value for answer in search.trials()] == [0.5, 0.5, 2.0, 3.0]


def test_a_search_that_has_ended_has_nothing_to_ask_for(client: Client) -> None:
    search = client.submit(toy_spec(name="over")).cancel()
    with pytest.raises(SearchEnded, match=rf"^search {search.id} \(over\) is cancelled; there is no trial left"):
        search.ask()
    assert list(search.asks()) == []


def test_asking_in_vain_ends_with_the_reason(client: Client) -> None:
    search = client.submit(toy_spec(trials=1))
    with search.ask() as trial:
        began = time.monotonic()
        with pytest.raises(WaitedTooLong, match=r"had no trial to run for 0\.5 s; all of them run elsewhere"):
            search.ask(timeout=0.5)
        assert time.monotonic() - began < 3
        trial.finish(loss=1)
    paused = client.submit(toy_spec()).pause()
    with pytest.raises(TimeoutError, match="it is paused"):
        paused.ask(timeout=0.1)


def test_a_block_without_the_metric_fails_the_trial_and_says_what_to_call(client: Client) -> None:
    search = client.submit(toy_spec(trials=2))
    advice = r"without the search's metric loss: it told none; call trial\.report\(step, loss=…\)"
    with pytest.raises(UsageError, match=advice), search.ask():
        pass
    with pytest.raises(UsageError, match="it told los; did you mean los"), search.ask() as trial:
        trial.report(1, los=3)

    errors = [answer.error for answer in search.trials(state="failed")]
    assert ["search's metric loss" in error.detail for error in errors if error] == [True, True]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda trial: trial.report(-1, loss=1), "step must be at least 0"),
        (lambda trial: trial.report(1, {"a b": 1}), r"metrics\.a b"),
        (lambda trial: trial.report(1, loss="low"), "loss is no number but 'low'"),
        (lambda trial: trial.finish({"": 1.0}, loss=1), "metrics"),
    ],
)
def test_what_cannot_be_reported_is_refused_with_the_reason(client: Client, call: object, sentence: str) -> None:
    search = client.submit(toy_spec(trials=1))
    assert callable(call)
    with pytest.raises(UsageError, match=rf"^trial 0: .*{sentence}"), search.ask() as trial:
        call(trial)
    assert search.refresh().counts.failed == 1


def test_a_trial_is_run_in_its_block_alone(client: Client) -> None:
    search = client.submit(toy_spec(trials=1))
    trial = search.ask()
    with pytest.raises(UsageError, match=r"with search\.ask"):
        trial.report(1, loss=1)
    with trial:
        trial.finish(loss=1)
        with pytest.raises(UsageError, match="finished already"):
            trial.report(2, loss=1)
    with pytest.raises(UsageError, match="ask for another"):
        trial.__enter__()


def test_results_wait_for_a_server_that_is_restarted(tmp_path: Path, processes: Processes) -> None:
    port, store = port_to_keep(), f"sqlite:///{tmp_path / 'caviar.db'}"
    server = processes.server(store, port=port)
    with Client(server.url) as client:
        search: Search = client.submit(toy_spec(trials=2))
        with search.ask() as trial:
            server.process.kill()
            server.process.wait(10)
            trial.report(1, loss=3)
            trial.finish(loss=2)
            processes.server(store, port=port)
        run(search.ask())

        assert [(answer.state, answer.value is not None) for answer in search.trials()] == [("completed", True)] * 2
