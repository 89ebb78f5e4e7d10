"""Where a scenario plays: one real server, and the worker protocol called by hand."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.chaos.server import Server
from caviar.client import Client
from caviar.errors import CaviarError
from caviar.states import TrialState
from caviar.wire.protocol import (
    ClaimedTrial,
    ClaimRequest,
    FinishRequest,
    ReportRequest,
    Result,
    Status,
    TrialOutcome,
    TrialReport,
)
from caviar.wire.trials import TrialDetail

TTL_SECONDS = 1.0
_TRAINER = "by-hand"
_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Site:
    server: Server
    client: Client
    database: Path
    """The SQLite file."""

    def submit(self, *, trials: int = 1, parallel: int = 100) -> str:
        spec: dict[str, Any] = {"trainer": _TRAINER, "metric": "score", "goal": "minimize", "sampler": "random"}
        spec |= {"space": {"x": {"low": 0.0, "high": 1.0}}}
        return self.client.submit({**spec, "trials": trials, "parallel": parallel}).id

    def claim(self, worker: str = "ada", *, key: str | None = None, capacity: int = 1) -> list[ClaimedTrial]:
        wanted = ClaimRequest(
            worker=worker, capacity=capacity, trainers=[_TRAINER], claim_key=key or secrets.token_hex(16)
        )
        return self.client.claim(wanted).trials

    def claim_one(self, worker: str = "ada") -> ClaimedTrial:
        """As soon as there is one. Raises TimeoutError."""
        found: list[ClaimedTrial] = []

        def has_some() -> bool:
            found.extend(self.claim(worker))
            return bool(found)

        self.wait_until(has_some, what=f"{worker} got no trial")
        return found[0]

    def report(
        self, trial: ClaimedTrial, step: int | None = None, *, proof: dict[str, Any] | None = None, **metrics: float
    ) -> Result:
        """Without a step a heartbeat. `proof`: fields in which the sender lies."""
        item = TrialReport(**{**_proof(trial), **(proof or {})}, step=step, metrics=metrics)
        return self.client.report(ReportRequest(reports=[item])).results[0]

    def finish(
        self,
        trial: ClaimedTrial,
        outcome: Literal["completed", "failed", "returned"] = "completed",
        *,
        proof: dict[str, Any] | None = None,
        **metrics: float,
    ) -> Result:
        item = TrialOutcome(**{**_proof(trial), **(proof or {})}, outcome=outcome, metrics=metrics)
        return self.client.finish(FinishRequest(outcomes=[item])).results[0]

    def read(self, trial: ClaimedTrial) -> TrialDetail:
        return self.client.trial(trial.id)

    def let_lapse(self, trial: ClaimedTrial) -> None:
        """Nothing is said of it until the server has queued it again."""
        self.wait_until(lambda: self.read(trial).state is TrialState.QUEUED, what=f"trial {trial.id} was not queued")

    def wait_until(self, is_so: Callable[[], bool], *, what: str) -> None:
        """Raises TimeoutError."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not is_so():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} in {_PATIENCE_SECONDS:g} s")
            time.sleep(0.02)


def _proof(trial: ClaimedTrial) -> dict[str, Any]:
    return {"trial": trial.id, "attempt": trial.attempt, "token": trial.lease.token}


def answer(ask: Callable[[], Result]) -> str:
    """The status of an answer, or the code of the problem that came instead."""
    try:
        return ask().status.value
    except CaviarError as error:
        return error.code


OK, LOST = Status.OK.value, Status.LOST.value
