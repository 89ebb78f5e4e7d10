"""Searches: create, read, page, delete; and the ledger through which every other change of a search goes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from caviar.errors import NotFound
from caviar.spec import SearchSpec
from caviar.states import (
    OPEN_SEARCH_STATES,
    SEARCH_TRANSITIONS,
    TRIAL_TRANSITIONS,
    AttemptOutcome,
    SearchState,
    TrialState,
)
from service.lifecycle import Facts, failed_start, verdict
from service.storage import tables
from service.storage.database import Transaction
from service.storage.records import SearchRecord

_search = tables.search.c


def create(tx: Transaction, spec: SearchSpec, *, dataset_hash: str | None, now: datetime) -> int:
    late = now + timedelta(seconds=spec.max_seconds) if spec.max_seconds else None
    statement = sa.insert(tables.search).values(
        name=spec.name,
        notes=spec.notes,
        state=SearchState.ACTIVE,
        priority=spec.priority,
        spec=spec.document(),
        trainer=spec.trainer,
        dataset_name=spec.dataset,
        dataset_hash=dataset_hash,
        budget=spec.trials,
        parallel=spec.parallel,
        created_at=now,
        deadline_at=late,
    )
    return int(tx.execute(statement.returning(_search.id)).scalar_one())


def find(tx: Transaction, search_id: int) -> SearchRecord | None:
    row = tx.execute(sa.select(tables.search).where(_search.id == search_id)).one_or_none()
    return None if row is None else as_record(row)


def get(tx: Transaction, search_id: int) -> SearchRecord:
    """Raises NotFound."""
    found = find(tx, search_id)
    if found is None:
        raise _missing(search_id)
    return found


def _missing(search_id: int) -> NotFound:
    return NotFound(f"there is no search {search_id}; GET /v1/searches lists them")


def page(tx: Transaction, *, limit: int, before: int | None) -> list[SearchRecord]:
    """Newest first."""
    statement = sa.select(tables.search).order_by(_search.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_search.id < before)
    return [as_record(row) for row in tx.execute(statement)]


def open_ids(tx: Transaction) -> list[int]:
    """Searches that are active or paused."""
    states = sorted(OPEN_SEARCH_STATES)
    return list(tx.execute(sa.select(_search.id).where(_search.state.in_(states)).order_by(_search.id)).scalars())


def end_overdue(tx: Transaction, *, now: datetime) -> list[int]:
    """End searches whose time is over and that run nothing; returns them."""
    is_open = _search.state.in_(sorted(OPEN_SEARCH_STATES))
    overdue = tx.execute(sa.select(_search.id).where(is_open, _search.deadline_at <= now, _search.running == 0))
    ledgers = lock(tx, overdue.scalars())
    for ledger in ledgers.values():
        save(tx, ledger, now=now)
    return list(ledgers)


def delete(tx: Transaction, search_id: int) -> None:
    """Removes its trials, attempts, reports, leases and rounds with it. Raises NotFound."""
    if tx.execute(sa.delete(tables.search).where(_search.id == search_id)).rowcount == 0:
        raise _missing(search_id)


def edit(tx: Transaction, search_id: int, **columns: Any) -> None:
    """Columns that no rule depends on: name, notes, priority."""
    tx.execute(sa.update(tables.search).where(_search.id == search_id).values(**columns, changes=_search.changes + 1))


@dataclass
class Ledger:
    """A locked search while one transaction changes its trials. Nothing is stored before `save`."""

    search: SearchRecord
    state: SearchState = field(init=False)
    counts: dict[TrialState, int] = field(init=False)
    budget: int = field(init=False)
    best_trial: int | None = field(init=False)
    best_score: float | None = field(init=False)
    is_reranked: bool = False

    def __post_init__(self) -> None:
        self.state, self.counts, self.budget = self.search.state, dict(self.search.counts), self.search.budget
        self.best_trial, self.best_score = self.search.best_trial, self.search.best_score

    def add(self, trials: int) -> None:
        """New trials, queued."""
        self.counts[TrialState.QUEUED] += trials

    def move(self, old: TrialState, new: TrialState) -> None:
        if new not in TRIAL_TRANSITIONS[old]:
            raise AssertionError(f"no trial goes from {old} to {new}")
        self.counts[old] -= 1
        self.counts[new] += 1

    def rank(self, trial: int, score: float | None) -> None:
        """A trial joins the leaderboard; `score` is None where it diverged."""
        self.is_reranked = True
        if score is not None and (self.best_score is None or score < self.best_score):
            self.best_trial, self.best_score = trial, score

    def turn(self, new: SearchState) -> None:
        if new not in SEARCH_TRANSITIONS[self.state]:
            raise AssertionError(f"no search goes from {self.state} to {new}")
        self.state = new

    def facts(self, *, has_failed_start: bool) -> Facts:
        return Facts(
            state=self.state,
            counts=self.counts,
            budget=self.budget,
            best_score=self.best_score,
            target=self.search.target_score,
            deadline_at=self.search.deadline_at,
            has_failed_start=has_failed_start,
        )


def lock(tx: Transaction, search_ids: Iterable[int]) -> dict[int, Ledger]:
    """Lock searches in the order of their ids. Those that no longer exist are left out."""
    ids = sorted(set(search_ids))
    statement = sa.select(tables.search).where(_search.id.in_(ids)).order_by(_search.id).with_for_update()
    return {row.id: Ledger(as_record(row)) for row in tx.execute(statement)} if ids else {}


def lock_one(tx: Transaction, search_id: int) -> Ledger:
    """Raises NotFound."""
    found = lock(tx, [search_id])
    if not found:
        raise _missing(search_id)
    return found[search_id]


def save(tx: Transaction, ledger: Ledger, *, now: datetime) -> None:
    """Store what changed, and end the search if this change was its last."""
    if end := verdict(ledger.facts(has_failed_start=_has_failed_start(tx, ledger)), now=now):
        ledger.turn(end)
    if ledger.state not in OPEN_SEARCH_STATES:
        _cancel_open(tx, ledger, now=now)
    was = ledger.search
    ended = None if ledger.state in OPEN_SEARCH_STATES else (was.finished_at or now)
    tx.execute(
        sa.update(tables.search)
        .where(_search.id == was.id)
        .values(
            {state.value: count for state, count in ledger.counts.items()}
            | {"state": ledger.state, "budget": ledger.budget, "finished_at": ended}
            | {"best_trial": ledger.best_trial, "best_score": ledger.best_score}
            | {"changes": was.changes + 1, "ranking": was.ranking + int(ledger.is_reranked)}
        )
    )


def _has_failed_start(tx: Transaction, ledger: Ledger) -> bool:
    """By number, not by time: otherwise the number of workers would decide."""
    first = failed_start(ledger.search.parallel)
    if ledger.counts[TrialState.FAILED] < first:
        return False
    trial = tables.trial.c
    is_first = (trial.search_id == ledger.search.id) & (trial.number < first) & (trial.state == TrialState.FAILED)
    return tx.execute(sa.select(sa.func.count()).where(is_first)).scalar_one() == first


def _cancel_open(tx: Transaction, ledger: Ledger, *, now: datetime) -> None:
    """Open trials end with their search; their workers hear of it at their next word."""
    if not ledger.counts[TrialState.QUEUED] + ledger.counts[TrialState.RUNNING]:
        return
    trial = tables.trial.c
    is_open = (trial.search_id == ledger.search.id) & trial.state.in_([TrialState.QUEUED, TrialState.RUNNING])
    cancelled = sa.select(trial.id).where(is_open)
    tx.execute(sa.delete(tables.lease).where(tables.lease.c.trial_id.in_(cancelled)))
    tx.execute(
        sa.update(tables.attempt)
        .where(tables.attempt.c.trial_id.in_(cancelled), tables.attempt.c.outcome == AttemptOutcome.RUNNING)
        .values(outcome=AttemptOutcome.CANCELLED, ended_at=now)
    )
    tx.execute(sa.update(tables.trial).where(is_open).values(state=TrialState.CANCELLED, finished_at=now))
    for state in (TrialState.QUEUED, TrialState.RUNNING):
        ledger.counts[TrialState.CANCELLED] += ledger.counts[state]
        ledger.counts[state] = 0


def as_record(row: Any) -> SearchRecord:
    values = {name: getattr(row, name) for name in SearchRecord.__dataclass_fields__ if name not in ("counts", "state")}
    counts = {state: getattr(row, state.value) for state in TrialState}
    return SearchRecord(**values, state=SearchState(row.state), counts=counts)
