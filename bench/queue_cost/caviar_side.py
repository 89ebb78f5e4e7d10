"""Our side of a round: searches of a running server, claimed and finished over HTTP."""

from dataclasses import dataclass
from secrets import token_hex

from bench.queue_cost.crew import Unit
from bench.queue_cost.line import Line, claim_body, metrics
from bench.queue_cost.toy import document
from caviar.client import Client
from caviar.states import SearchState
from caviar.wire.protocol import ClaimRequest, FinishRequest, TrialOutcome
from caviar.wire.searches import SearchChange

_MANY = 1_000_000
"""Trials of a search that no round comes to the end of."""


@dataclass(frozen=True)
class CaviarSide:
    """`is_lean`: the client is the standard library's, else our own, with its checks of all that goes in and out."""

    url: str
    is_lean: bool = True

    def prepare(self, *, clients: int, batch: int) -> str:
        """The name is the search's id and its trainer."""
        trainer = f"toy-{token_hex(4)}"
        parallel = 2 * clients * batch  # while one half runs, the other is drawn
        with Client(self.url) as client:
            search = client.submit(document(trainer=trainer, trials=_MANY, parallel=parallel))
        return f"{search.id} {trainer}"

    def join(self, name: str, *, place: int, batch: int) -> Unit:
        search, trainer = name.split()
        worker = f"{trainer}-{place}"
        if not self.is_lean:
            return _checking(Client(self.url), search, worker=worker, trainer=trainer, batch=batch)
        line = Line(self.url)

        def work(count: int) -> int:
            line.finish(line.claim(search, worker=worker, trainer=trainer, capacity=count))
            return count

        work(1)
        return lambda: work(batch)

    def close(self, name: str) -> None:
        """The server plans no further trials of it."""
        with Client(self.url) as client:
            client.change(name.split(maxsplit=1)[0], SearchChange(state=SearchState.CANCELLED))


def _checking(client: Client, search: str, *, worker: str, trainer: str, batch: int) -> Unit:
    def work(count: int) -> int:
        body = claim_body(search, worker=worker, trainer=trainer, capacity=count)
        trials = client.claim(ClaimRequest.model_validate(body)).trials
        outcomes = [
            TrialOutcome(
                trial=trial.id,
                attempt=trial.attempt,
                token=trial.lease.token,
                outcome="completed",
                metrics=metrics(trial.model_dump()),
            )
            for trial in trials
        ]
        client.finish(FinishRequest(outcomes=[*outcomes]))
        return len(trials)

    work(1)
    return lambda: work(batch)
