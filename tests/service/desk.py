"""A desk where a test speaks to the store: every verb is one transaction, and time passes when the test says so."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psycopg
import sqlalchemy as sa

from caviar.spec import SearchSpec
from caviar.states import Origin, TrialState
from caviar.wire.protocol import ClaimRequest, Malformed, Result, TrialOutcome, TrialReport
from service.clock import Clock
from service.stopping.interface import Cutoff, to_json
from service.storage import claims, leases, ledgers, outcomes, reports, rounds, searches, tables, trials
from service.storage.claims import Grant
from service.storage.database import Database
from service.storage.records import AttemptRecord, Draft, RoundRecord, SearchRecord, TrialRecord
from service.storage.rounds import Step

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
TTL = timedelta(seconds=30)
FIRST_ROUND = RoundRecord(
    round=0, first=0, size=1000, seen=0, reason="the whole space", best=None, box={"x": {"low": 0, "high": 1}}, state={}
)
VIOLATIONS = (sa.exc.IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError)
"""What a broken key or check raises."""
_numbers = count()


class SetClock(Clock):
    """Shows the time that a test set."""

    def __init__(self) -> None:
        super().__init__()
        self.at = START

    def now(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def a_spec(**fields: Any) -> SearchSpec:
    """A search of a trainer that the server knows only by name; lower scores are better."""
    plain = {
        "trainer": "toy",
        "metric": "score",
        "goal": "minimize",
        "space": {"x": {"low": 0.0, "high": 1.0}},
        "sampler": "random",
        "trials": 1,
        "parallel": 100,
    }
    return SearchSpec.model_validate(plain | fields)


def a_key() -> str:
    """A claim key that no other claim of this test run has."""
    return f"claim-key-of-test-{next(_numbers):08}"


def a_claim(
    worker: str = "ada",
    *,
    capacity: int = 1,
    trainers: Sequence[str] = ("toy",),
    key: str = "",
    features: Sequence[str] = ("stop",),
) -> ClaimRequest:
    return ClaimRequest(
        worker=worker, capacity=capacity, trainers=list(trainers), claim_key=key or a_key(), features=list(features)
    )


def a_report(grant: Grant, step: int | None = None, **metrics: float) -> TrialReport:
    return TrialReport(
        trial=str(grant.trial.id), attempt=grant.trial.attempt, token=grant.token, step=step, metrics=metrics
    )


def an_outcome(grant: Grant, outcome: str = "completed", *, error: str | None = None, **metrics: float) -> TrialOutcome:
    proof = {"trial": str(grant.trial.id), "attempt": grant.trial.attempt, "token": grant.token}
    return TrialOutcome.model_validate(proof | {"outcome": outcome, "metrics": metrics, "error": error})


def drafts(stacks: Sequence[str], *, first: int, round_: int = 0) -> list[Draft]:
    return [
        Draft(number, round_, Origin.SAMPLED, stack, {"x": number / 1000}, seed=number)
        for number, stack in enumerate(stacks, start=first)
    ]


class Desk:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = START

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def search(self, *, stacks: Sequence[str] | None = None, queued: int | None = None, **fields: Any) -> int:
        """A new search with all of its budget queued, or `queued` trials, or one trial per stack."""
        spec = a_spec(**{"trials": len(stacks or ()) or queued or 1} | fields)
        with self.database.write() as tx:
            search_id = searches.create(tx, spec, dataset_hash=None, now=self.now)
        planned = stacks if stacks is not None else [""] * (spec.trials if queued is None else queued)
        if planned:
            self.plan(search_id, planned)
        return search_id

    def plan(
        self,
        search_id: int,
        stacks: Sequence[str] = ("",),
        *,
        cutoffs: Mapping[int, Cutoff] | None = None,
        **columns: Any,
    ) -> bool:
        """Queue more trials of a search, one per stack, as a round of their own; `columns` are their drafts'."""
        search = self.read(search_id)
        step = Step(
            next_number=search.next_number,
            next_round=search.next_round,
            round=replace(
                FIRST_ROUND,
                round=search.next_round,
                first=search.next_number,
                size=len(stacks),
                cutoffs=None if cutoffs is None else to_json(cutoffs),
            ),
            drafts=[
                replace(draft, **columns)
                for draft in drafts(stacks, first=search.next_number, round_=search.next_round)
            ],
            round_left=0,
        )
        return self.take(search_id, step)

    def take(self, search_id: int, step: Step) -> bool:
        with self.database.write() as tx:
            return rounds.take(tx, search_id, step, now=self.now)

    def claim(
        self,
        worker: str = "ada",
        *,
        capacity: int = 1,
        trainers: Sequence[str] = ("toy",),
        key: str = "",
        search: int | None = None,
        features: Sequence[str] = ("stop",),
    ) -> list[Grant]:
        request = a_claim(worker, capacity=capacity, trainers=trainers, key=key, features=features)
        with self.database.write() as tx:
            return claims.claim(tx, request, search_id=search, ttl=TTL, now=self.now)

    def claim_one(self, worker: str = "ada", *, search: int | None = None) -> Grant:
        (grant,) = self.claim(worker, search=search)
        return grant

    def reports(self, *items: TrialReport | Malformed) -> list[Result]:
        with self.database.write() as tx:
            return reports.report(tx, items, ttl=TTL, now=self.now).results

    def report(self, grant: Grant, step: int | None = None, **metrics: float) -> Result:
        return self.reports(a_report(grant, step, **metrics))[0]

    def finishes(self, *items: TrialOutcome | Malformed) -> list[Result]:
        with self.database.write() as tx:
            return outcomes.finish(tx, items, ttl=TTL, now=self.now).results

    def finish(self, grant: Grant, outcome: str = "completed", *, error: str | None = None, **metrics: float) -> Result:
        return self.finishes(an_outcome(grant, outcome, error=error, **metrics))[0]

    def sweep(self) -> list[int]:
        """The searches of which leases had run out."""
        with self.database.write() as tx:
            return list(leases.expire(tx, now=self.now))

    def lose(self, grant: Grant) -> None:
        """Let time pass until the lease of this grant is gone."""
        self.wait(TTL.total_seconds() + 1)
        assert grant.search.id in self.sweep()

    def change(self, search_id: int, **columns: Any) -> None:
        """What a user changes: `state` or `budget`, in one saved ledger."""
        with self.database.write() as tx:
            ledger = ledgers.lock_one(tx, search_id)
            if "state" in columns:
                ledger.turn(columns["state"])
            ledger.budget = columns.get("budget", ledger.budget)
            ledgers.save(tx, ledger, now=self.now)

    def cancel(self, trial_id: int) -> None:
        with self.database.write() as tx:
            ledger = ledgers.lock_one(tx, trials.get(tx, trial_id).search_id)
            ledgers.cancel(tx, ledger, trial_id, now=self.now)
            ledgers.save(tx, ledger, now=self.now)

    def read(self, search_id: int) -> SearchRecord:
        with self.database.read() as tx:
            return searches.get(tx, search_id)

    def trials(self, search_id: int) -> list[TrialRecord]:
        with self.database.read() as tx:
            return trials.page(tx, search_id, state=None, limit=10_000, after=None)

    def trial(self, search_id: int, number: int = 0) -> TrialRecord:
        with self.database.read() as tx:
            return trials.by_number(tx, search_id, number)

    def states(self, search_id: int) -> list[TrialState]:
        """Of the trials, by number."""
        return [trial.state for trial in self.trials(search_id)]

    def attempts(self, trial_id: int) -> list[AttemptRecord]:
        with self.database.read() as tx:
            return trials.attempts(tx, trial_id)

    def curve(self, trial_id: int) -> list[tuple[int, int, dict[str, Any]]]:
        """(attempt, step, metrics) of every report."""
        with self.database.read() as tx:
            found = trials.reports(tx, trial_id, limit=1000, after=None)
        return [(report.attempt, report.step, dict(report.metrics)) for report in found]

    def expiry(self, grant: Grant) -> datetime:
        with self.database.read() as tx:
            lease = tables.lease.c
            found: datetime = tx.execute(
                sa.select(lease.expires_at).where(lease.trial_id == grant.trial.id)
            ).scalar_one()
            return found
