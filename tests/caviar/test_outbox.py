"""The outbox against a real server: what is said arrives, in order, whatever happens to the server meanwhile."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from caviar.client import Client
from caviar.errors import ProcessFailed
from caviar.loop import proof_of
from caviar.outbox import MOST_ITEMS, Outbox
from caviar.states import AttemptOutcome, TrialState
from caviar.wire.protocol import ClaimedTrial, ClaimRequest, TrialOutcome, TrialReport
from tests.processes import Processes, running_processes
from tests.worker.loops import toy_spec, wait_until


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Of a server with leases of one second."""
    folder = tmp_path_factory.mktemp("outbox")
    with running_processes(folder) as processes:
        server = processes.server(f"sqlite:///{folder / 'caviar.db'}", CAVIAR_LEASE_TTL_SECONDS="1")
        with Client(server.url) as client:
            yield client


def claimed(client: Client, *, trials: int = 1) -> list[ClaimedTrial]:
    search = client.submit(toy_spec(trials=trials, parallel=trials))
    trainer = str(search.spec["trainer"])
    request = ClaimRequest(worker=f"of {trainer}", capacity=trials, trainers=[trainer], claim_key=f"{trainer:0>32}")
    return client.claim(request).trials


@contextmanager
def holding(
    client: Client, trials: list[ClaimedTrial], *, say: Callable[[str], None] = print, grace: float = 5.0
) -> Iterator[Outbox]:
    with Outbox(client, heartbeat=5.0, grace=grace, say=say) as outbox:
        outbox.hold([proof_of(trial) for trial in trials], ttl=trials[0].lease.ttl_seconds)
        yield outbox


def said(trial: ClaimedTrial, step: int, loss: float) -> TrialReport:
    return TrialReport(**_proof(trial), step=step, metrics={"loss": loss})


def completed(trial: ClaimedTrial, **metrics: float) -> TrialOutcome:
    return TrialOutcome(**_proof(trial), outcome="completed", metrics=metrics)


def _proof(trial: ClaimedTrial) -> dict[str, Any]:
    return proof_of(trial).model_dump()


def test_every_report_leaves_before_the_outcome_in_more_than_one_request(client: Client) -> None:
    (trial,) = claimed(client)
    count = 2 * MOST_ITEMS + 7
    with holding(client, [trial]) as outbox:
        for step in range(count):
            outbox.report(said(trial, step, 1.0 / (step + 1)))
        outbox.finish(completed(trial))
        outbox.flush()

    told = client.trial(trial.id)
    assert (told.state, told.value, told.attempts[0].last_step) == (TrialState.COMPLETED, 1.0 / count, count - 1)
    curve = client.reports(trial.id).items
    curve += client.reports(trial.id, after=client.reports(trial.id).next).items
    assert [report.step for report in curve] == list(range(count))


def test_a_held_lease_outlives_its_time_in_silence(client: Client) -> None:
    (trial,) = claimed(client)
    with holding(client, [trial]) as outbox:
        wait_until(lambda: _spoken_for(client, trial) > 3.0)
        assert set(outbox.held()) == {trial.id}
        outbox.finish(completed(trial, loss=1.0))
        outbox.flush()
    assert [attempt.outcome for attempt in client.trial(trial.id).attempts] == [AttemptOutcome.COMPLETED]


def _spoken_for(client: Client, trial: ClaimedTrial) -> float:
    """Seconds, by the server's clock, from the trial's claim to its worker's last word."""
    attempt = client.trial(trial.id).attempts[0]
    (worker,) = [worker for worker in client.workers(limit=1000).items if worker.name == attempt.worker]
    return (worker.seen_at - attempt.started_at).total_seconds()


def test_a_cancelled_trial_is_dropped_and_the_others_are_kept(client: Client) -> None:
    cancelled, kept = claimed(client, trials=2)
    with holding(client, [cancelled, kept]) as outbox:
        client.cancel_trial(cancelled.id)
        wait_until(lambda: set(outbox.held()) == {kept.id})
        outbox.finish(completed(cancelled, loss=1.0))
        outbox.finish(completed(kept, loss=1.0))
        outbox.flush()
    assert client.trial(cancelled.id).state is TrialState.CANCELLED
    assert client.trial(kept.id).state is TrialState.COMPLETED


def test_a_result_that_the_server_refuses_becomes_a_failure_that_says_so(client: Client) -> None:
    (trial,) = claimed(client)
    sentences: list[str] = []
    with holding(client, [trial], say=sentences.append) as outbox:
        # What a worker of a later release could say and this server cannot read.
        outbox.finish(TrialOutcome.model_construct(**_proof(trial), outcome="completed", metrics={"no name!": 1.0}))
        outbox.flush()

    told = client.trial(trial.id)
    assert told.state is TrialState.FAILED
    assert told.error is not None
    assert told.error.detail.startswith("the server refused the result: metrics.no name!")
    assert sentences[0].startswith(f"trial {trial.id}: the server refused it (invalid_item: ")


def test_leaving_says_what_is_left(client: Client) -> None:
    (trial,) = claimed(client)
    with holding(client, [trial]) as outbox:
        outbox.report(said(trial, 1, 0.5))
        outbox.finish(completed(trial))
    assert client.trial(trial.id).value == 0.5


def test_what_is_said_while_the_server_is_away_is_kept_until_it_is_back(processes: Processes, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'caviar.db'}"
    server = processes.server(store)
    sentences: list[str] = []
    with Client(server.url) as client:
        trials = claimed(client, trials=3)
        with holding(client, trials, say=sentences.append) as outbox:
            server.process.kill()
            server.process.wait()
            for trial in trials:
                outbox.report(said(trial, 1, 0.5))
                outbox.finish(completed(trial))
            wait_until(lambda: bool(sentences))
            processes.server(store, port=server.port)
            outbox.flush()

        assert {client.trial(trial.id).value for trial in trials} == {0.5}
        assert {len(client.trial(trial.id).attempts) for trial in trials} == {1}
    assert sentences[0].endswith("; training goes on, results are kept until it answers")
    assert sentences[1] == "the server answers again"


def test_leaving_waits_for_a_server_that_is_away_no_longer_than_its_grace(processes: Processes, tmp_path: Path) -> None:
    server = processes.server(f"sqlite:///{tmp_path / 'caviar.db'}")
    with Client(server.url) as client:
        (trial,) = claimed(client)
        server.process.kill()
        server.process.wait()
        start = time.monotonic()
        with holding(client, [trial], grace=0.5) as outbox:
            outbox.finish(completed(trial, loss=1.0))
            outbox.flush(is_hurried=lambda: True)
    assert 0.5 <= time.monotonic() - start < 4.0


def test_a_request_that_is_never_accepted_is_not_repeated_for_ever(client: Client) -> None:
    (trial,) = claimed(client)
    sentences: list[str] = []
    with Client(f"{client.url}/elsewhere") as lost, holding(lost, [trial], say=sentences.append) as outbox:
        outbox.finish(TrialOutcome(**_proof(trial), outcome="failed", error="no luck"))
        outbox.flush()
        assert outbox.held() == {}
    assert "(not_found: there is nothing at /elsewhere/v1/trials:finish" in sentences[-1]


def test_who_waits_learns_of_a_defect_in_the_sending_thread(client: Client) -> None:
    (trial,) = claimed(client)

    def say(text: str) -> None:
        raise KeyError(text)

    with Client(f"{client.url}/elsewhere") as lost, holding(lost, [trial], say=say, grace=0.1) as outbox:
        outbox.finish(completed(trial, loss=1.0))
        with pytest.raises(ProcessFailed, match="results cannot be sent: KeyError"):
            outbox.flush()
