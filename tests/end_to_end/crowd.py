"""Workers of the tests' own, each a process of random speed, that leave when their search ends.

    python crowd.py URL SEARCH COUNT

They are forked from one process, so that sixteen cost the imports of one. What a trial gives depends on its
hyperparameters and its seed alone; how long it takes, and whether a worker gives it back first, on chance.
"""

import math
import multiprocessing
import random
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from caviar.client import Client
from caviar.errors import CaviarError, RetryLater, ServerFault, Unreachable
from caviar.states import SearchState
from caviar.wire.protocol import (
    ClaimedTrial,
    ClaimRequest,
    FinishRequest,
    ReportRequest,
    Status,
    TrialOutcome,
    TrialReport,
)

TRAINER = "parabola"
PATIENCE_SECONDS = 60.0
GIVEN_BACK = 0.08
"""The share of the attempts that a worker gives back half way."""
Answer = TypeVar("Answer")


def loss(hparams: Mapping[str, Any], *, seed: int, step: int) -> float:
    """A bowl with its lowest point at rate = 0.01, units = 40, kind = b, less noisy and lower with every step.

    NaN from the third step on where the rate is too high. Raises ValueError in the second step for some units.
    """
    if step == 2 and hparams["units"] % 10 == 7:
        raise ValueError(f"no network has {hparams['units']} units")
    if step > 2 and hparams["rate"] > 0.5:
        return math.nan
    bowl = abs(math.log10(hparams["rate"]) + 2) + abs(hparams["units"] - 40) / 60 + (hparams["kind"] != "b")
    return float(bowl + hparams.get("depth", 0.5)) + (1 + random.Random(f"{seed}/{step}").gauss(0, 0.3)) / step


class Worker:
    def __init__(self, url: str, search: str, name: str) -> None:
        self._client, self._search, self._name = Client(url), search, name
        self._chance = random.Random()
        self._pause_seconds = self._chance.uniform(0.001, 0.02)

    def work(self) -> None:
        while _repeated(lambda: self._client.search(self._search)).state is SearchState.ACTIVE:
            request = ClaimRequest(
                worker=self._name,
                trainers=[TRAINER],
                claim_key=secrets.token_hex(16),
                search=self._search,
                features=["stop"],
            )
            for trial in _repeated(lambda request=request: self._client.claim(request, wait=1.0)).trials:  # type: ignore[misc]
                self._run(trial)

    def _run(self, trial: ClaimedTrial) -> None:
        steps = trial.hyperparameters["steps"]
        last = steps // 2 if self._chance.random() < GIVEN_BACK else steps
        for step in range(1, last + 1):
            time.sleep(self._chance.expovariate(1 / self._pause_seconds))
            try:
                value = loss(trial.hyperparameters, seed=trial.seed, step=step)
            except ValueError as error:
                return self._finish(trial, "failed", error=str(error))
            if not self._report(trial, step, loss=value, seed=float(trial.seed)):
                return None
        return self._finish(trial, "completed" if last == steps else "returned")

    def _report(self, trial: ClaimedTrial, step: int, **metrics: float) -> bool:
        """Whether the trial is to go on."""
        item = TrialReport(**_proof(trial), step=step, metrics=metrics)
        (result,) = _repeated(lambda: self._client.report(ReportRequest(reports=[item]))).results
        return result.status is Status.OK

    def _finish(
        self, trial: ClaimedTrial, outcome: Literal["completed", "failed", "returned"], *, error: str | None = None
    ) -> None:
        item = TrialOutcome(**_proof(trial), outcome=outcome, error=error)
        (result,) = _repeated(lambda: self._client.finish(FinishRequest(outcomes=[item]))).results
        assert result.status is Status.OK, result


def _proof(trial: ClaimedTrial) -> dict[str, Any]:
    return {"trial": trial.id, "attempt": trial.attempt, "token": trial.lease.token}


def _repeated(call: Callable[[], Answer]) -> Answer:
    """Until the server answers: every call of the protocol may be sent twice."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return call()
        except (Unreachable, RetryLater, ServerFault) as error:
            last: CaviarError = error
        if time.monotonic() > deadline:
            raise last
        time.sleep(0.1)


def _work(url: str, search: str, name: str) -> None:
    Worker(url, search, name).work()


def main() -> None:
    url, search, count = sys.argv[1:]
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_work, args=(url, search, f"{search}-of-{count}-{n}")) for n in range(int(count))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sys.exit(max(abs(worker.exitcode or 0) for worker in workers))


if __name__ == "__main__":
    main()
