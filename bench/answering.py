"""How soon a worker that waits is given trials: a real server, one worker in a long poll, another that finishes.

Rounds have four trials (`parallel: 8`). One worker holds the trials of two rounds and finishes all but the last of the
older one. The other waits for the next round, which that last finish makes due. The clock runs from sending the finish
to the answer of the waiting claim; the plan of the round is part of it.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from bench.filled_store import a_spec, loss
from caviar.client import Client
from caviar.processes import ready_url, start, stop
from caviar.wire.protocol import ClaimedTrial, ClaimRequest, FinishRequest, Status, TrialOutcome

PARALLEL = 8
SIZE = PARALLEL // 2
WAIT_SECONDS = 20.0
SETTLE_SECONDS = 0.15
"""Until a claim that was sent is surely waiting."""


@dataclass(frozen=True)
class Answers:
    """Seconds, one entry for each time that a round became due."""

    claims: list[float]
    """Until the waiting claim was answered."""
    finishes: list[float]
    """Until the finish itself was."""


def answers(*, finished: int, turns: int) -> Answers:
    """Around so many finished trials: half of the turns come before that many and half after."""
    with ExitStack() as stack:
        url = stack.enter_context(_server(Path(stack.enter_context(TemporaryDirectory(prefix="caviar-bench-")))))
        clients = stack.enter_context(Client(url)), stack.enter_context(Client(url))
        threads = stack.enter_context(ThreadPoolExecutor(1))
        spec = a_spec(trials=finished + SIZE * turns + 100, parallel=PARALLEL)
        course = _Course(*clients, clients[0].submit(spec).id, threads)
        while course.finished < finished - SIZE * turns // 2:
            course.finish_oldest()
        pairs = [course.turn() for _ in range(turns)]
    return Answers([claim for claim, _ in pairs], [finish for _, finish in pairs])


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    settings = {"CAVIAR_DATA_DIR": str(folder), "CAVIAR_DATABASE_URL": f"sqlite:///{folder / 'caviar.db'}"}
    with (folder / "log").open("w", encoding="utf-8") as log:
        server = start("serve", "--json", "--port", "0", settings=settings, log=log)
        try:
            yield ready_url(server)
        finally:
            stop([server])


class _Course:
    """`held`: what the first worker has claimed and not finished, by number; always two rounds of the search."""

    def __init__(self, client: Client, other: Client, search: str, threads: ThreadPoolExecutor) -> None:
        self._client, self._other, self._search, self._threads = client, other, search, threads
        self._held: list[ClaimedTrial] = []
        self.finished = 0
        self._claim_all()

    def finish_oldest(self) -> None:
        """A whole round, without a clock."""
        self._finish(SIZE)
        self._claim_all()

    def turn(self) -> tuple[float, float]:
        """Seconds until the waiting claim and until the finish was answered."""
        self._finish(SIZE - 1)
        waiting = self._threads.submit(self._wait)
        time.sleep(SETTLE_SECONDS)
        assert not waiting.done(), "nothing may be there to claim yet"
        sent = time.perf_counter()
        self._finish(1)
        finish_seconds = time.perf_counter() - sent
        answered, trials = waiting.result()
        assert trials, "the finish must have made a round due"
        self._held += trials
        self._claim_all()
        return answered - sent, finish_seconds

    def _wait(self) -> tuple[float, list[ClaimedTrial]]:
        answer = self._other.claim(self._request("waiting"), wait=WAIT_SECONDS)
        return time.perf_counter(), answer.trials

    def _claim_all(self) -> None:
        """What a worker is given at once is its share, so it asks until there is no more."""
        while trials := self._client.claim(self._request("finishing")).trials:
            self._held += trials
        self._held.sort(key=lambda trial: trial.number)
        assert len(self._held) == PARALLEL, "two rounds must be open"

    def _request(self, worker: str) -> ClaimRequest:
        return ClaimRequest(
            worker=worker, capacity=PARALLEL, trainers=["toy"], claim_key=token_hex(16), search=self._search
        )

    def _finish(self, count: int) -> None:
        """The oldest trials, in one request."""
        ended, self._held = self._held[:count], self._held[count:]
        results = self._client.finish(FinishRequest(outcomes=[_outcome(trial) for trial in ended])).results
        assert all(result.status is Status.OK for result in results), results
        self.finished += count


def _outcome(trial: ClaimedTrial) -> TrialOutcome:
    found, token = {"loss": loss(trial.hyperparameters)}, trial.lease.token
    return TrialOutcome(trial=trial.id, attempt=trial.attempt, token=token, outcome="completed", metrics=found)
