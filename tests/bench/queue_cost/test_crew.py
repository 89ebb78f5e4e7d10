"""Clients in processes of their own, and what they get done together."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bench.queue_cost.caviar_side import CaviarSide
from bench.queue_cost.crew import Crew, Unit
from bench.queue_cost.line import Line
from bench.queue_cost.served import Served, served
from bench.queue_cost.stores import KINDS, stores
from bench.queue_cost.toy import document
from caviar.client import Client
from caviar.states import SearchState


@pytest.fixture
def server() -> Iterator[Served]:
    with stores("sqlite") as new_store, served(new_store("queue")) as running:
        yield running


@pytest.mark.parametrize("is_lean", [True, False])
def test_clients_claim_and_finish_what_they_count(server: Served, *, is_lean: bool) -> None:
    with Crew(CaviarSide(server.url, is_lean=is_lean), size=2) as crew:
        alone = crew.rate(clients=1, batch=1, seconds=0.2)
        together = crew.rate(clients=2, batch=10, seconds=0.2)
    with Client(server.url) as client:
        newest, oldest = client.searches().items
    assert {newest.state, oldest.state} == {SearchState.CANCELLED}
    # One trial of each client came before the clock; the time was up within a trial or a batch.
    assert oldest.counts.completed - 1 >= 0.2 * alone > 0
    assert newest.counts.completed - 2 >= 0.2 * together > 0
    assert (newest.counts.completed - 2) % 10 == 0


@dataclass(frozen=True)
class Broken:
    """A side of which a client fails when the clock already runs."""

    def prepare(self, *, clients: int, batch: int) -> str:
        return "nothing"

    def join(self, name: str, *, place: int, batch: int) -> Unit:
        return lambda: 1 // 0

    def close(self, name: str) -> None:
        pass


def test_a_client_that_fails_fails_its_round() -> None:
    with Crew(Broken(), size=1) as crew, pytest.raises(RuntimeError, match="ended before its round did"):
        crew.rate(clients=1, batch=1, seconds=0.1)


def test_a_claim_that_is_given_less_than_it_asked_for_is_no_measurement(server: Served) -> None:
    with Client(server.url) as client:
        search = client.submit(document(trainer="toy", trials=2, parallel=2)).id
    with Line(server.url) as line, pytest.raises(RuntimeError, match="3 trials of search 1 were claimed and 2 given"):
        line.claim(search, worker="bench", trainer="toy", capacity=3)


def test_a_finish_that_is_not_taken_is_no_measurement(server: Served) -> None:
    with Client(server.url) as client:
        search = client.submit(document(trainer="toy", trials=2, parallel=2)).id
    with Line(server.url) as line:
        (trial,) = line.claim(search, worker="bench", trainer="toy")
        with pytest.raises(RuntimeError, match="1 of 1 words were not taken"):
            line.finish([{**trial, "lease": {"token": "another"}}])


@pytest.mark.peers
@pytest.mark.parametrize("kind", KINDS)
def test_optuna_asks_and_tells(kind: str) -> None:
    import optuna

    from bench.peers.optuna_queue import created

    with stores(kind) as new_store:
        url = new_store("optuna")
        with Crew(created(url), size=2) as crew:
            rate = crew.rate(clients=2, batch=3, seconds=0.2)
        storage = optuna.storages.RDBStorage(url)
        study = optuna.load_study(study_name=None, storage=storage)
        trials = study.get_trials(deepcopy=False)
        storage.engine.dispose()
    assert {trial.state for trial in trials} == {optuna.trial.TrialState.COMPLETE}
    assert len(trials) - 2 >= 0.2 * rate > 0
    assert all(len(trial.params) == 4 and trial.value == sum(trial.params.values()) for trial in trials)
