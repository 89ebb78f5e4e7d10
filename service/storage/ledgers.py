"""The ledger: a search's row, locked, while one transaction changes the search or its trials.

Every such change goes through it. It keeps counts, best and state exact, checks each move against the tables of
transitions, and ends the search when its last change demands it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from caviar.errors import TrialEnded
from caviar.states import (
    OPEN_SEARCH_STATES,
    OPEN_STATES,
    SEARCH_TRANSITIONS,
    TRIAL_TRANSITIONS,
    AttemptOutcome,
    SearchState,
    TrialState,
)
from service.lifecycle import Facts, failed_start, verdict
from service.storage import searches, tables
from service.storage.database import Transaction
from service.storage.prepared import Among, Prepared
from service.storage.records import SearchRecord

_search, _trial = tables.search.c, tables.trial.c


@dataclass
class Ledger:
    """A locked search while one transaction changes its trials. Nothing is stored before `save`."""

    search: SearchRecord
    state: SearchState = field(init=False)
    counts: dict[TrialState, int] = field(init=False)
    budget: int = field(init=False)
    next_number: int = field(init=False)
    next_round: int = field(init=False)
    round_left: int = field(init=False)
    enqueued: int = field(init=False)
    best_trial: int | None = field(init=False)
    best_score: float | None = field(init=False)
    is_reranked: bool = False

    def __post_init__(self) -> None:
        search = self.search
        self.state, self.counts, self.budget = search.state, dict(search.counts), search.budget
        self.next_number, self.next_round, self.round_left = search.next_number, search.next_round, search.round_left
        self.enqueued, self.best_trial, self.best_score = search.enqueued, search.best_trial, search.best_score

    def as_it_stands(self) -> SearchRecord:
        """The search with all that has changed so far."""
        return replace(
            self.search,
            state=self.state,
            counts=dict(self.counts),
            budget=self.budget,
            next_number=self.next_number,
            next_round=self.next_round,
            round_left=self.round_left,
            enqueued=self.enqueued,
            best_trial=self.best_trial,
            best_score=self.best_score,
        )

    def add(self, trials: int, *, enqueued: int = 0) -> None:
        """New trials, queued, which take the next numbers."""
        self.counts[TrialState.QUEUED] += trials
        self.next_number += trials
        self.enqueued += enqueued

    def move(self, old: TrialState, new: TrialState) -> None:
        if new not in TRIAL_TRANSITIONS[old]:
            raise AssertionError(f"no trial goes from {old} to {new}")
        self.counts[old] -= 1
        self.counts[new] += 1

    def rank(self, trial: int, score: float | None) -> bool:
        """A trial joins the leaderboard; `score` is None where it diverged. Of equals the first is the best.

        Returns whether it is better than all before it.
        """
        self.is_reranked = True
        if score is None:
            return False
        is_record = self.best_score is None or score < self.best_score
        if self.best_trial is None or self.best_score is None or (score, trial) < (self.best_score, self.best_trial):
            self.best_trial, self.best_score = trial, score
        return is_record

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
            target=self.search.definition.target_score,
            deadline_at=self.search.deadline_at,
            has_failed_start=has_failed_start,
        )


_LOCK = Prepared(sa.select(*searches.COLUMNS).where(Among(_search.id)).order_by(_search.id).with_for_update())
_OWNERS = sa.select(_trial.search_id).where(Among(_trial.id))
_LOCK_OWNERS = Prepared(
    sa.select(*searches.COLUMNS).where(_search.id.in_(_OWNERS)).order_by(_search.id).with_for_update()
)


def lock(tx: Transaction, search_ids: Iterable[int]) -> dict[int, Ledger]:
    """Lock searches in the order of their ids. Those that no longer exist are left out."""
    ids = sorted(set(search_ids))
    return _opened(tx, _LOCK.all(tx, ids=ids)) if ids else {}


def lock_owners(tx: Transaction, trial_ids: Collection[int]) -> dict[int, Ledger]:
    """Lock the searches that these trials belong to, in the order of their ids."""
    return _opened(tx, _LOCK_OWNERS.all(tx, ids=list(trial_ids))) if trial_ids else {}


def _opened(tx: Transaction, rows: Sequence[Any]) -> dict[int, Ledger]:
    return {record.id: Ledger(record) for record in searches.records(tx, rows)}


def lock_one(tx: Transaction, search_id: int) -> Ledger:
    """Raises NotFound."""
    found = lock(tx, [search_id])
    if not found:
        raise searches.missing(search_id)
    return found[search_id]


_SAVED = [*(state.value for state in TrialState), "state", "budget", "finished_at", "next_number", "next_round",
          "round_left", "enqueued", "best_trial", "best_score", "changes", "ranking"]  # fmt: skip
_SAVE = Prepared(
    sa.update(tables.search)
    .where(_search.id == sa.bindparam("of_search"))
    .values({name: sa.bindparam(f"new_{name}") for name in _SAVED})
)


def save(tx: Transaction, ledger: Ledger, *, now: datetime) -> None:
    """Store what changed, and end the search if this change was its last."""
    if end := ending(tx, ledger, now=now):
        ledger.turn(end)
    if ledger.state not in OPEN_SEARCH_STATES:
        _cancel_open(tx, ledger, now=now)
    was = ledger.search
    ended = None if ledger.state in OPEN_SEARCH_STATES else (was.finished_at or now)
    _SAVE.run(
        tx,
        of_search=was.id,
        **{f"new_{state}": ledger.counts[state] for state in TrialState},
        new_state=ledger.state,
        new_budget=ledger.budget,
        new_finished_at=ended,
        new_next_number=ledger.next_number,
        new_next_round=ledger.next_round,
        new_round_left=ledger.round_left,
        new_enqueued=ledger.enqueued,
        new_best_trial=ledger.best_trial,
        new_best_score=ledger.best_score,
        new_changes=was.changes + 1,
        new_ranking=was.ranking + int(ledger.is_reranked),
    )


def ending(tx: Transaction, ledger: Ledger, *, now: datetime) -> SearchState | None:
    """The state in which the search ends with what has changed so far, or None while it goes on."""
    return verdict(ledger.facts(has_failed_start=_has_failed_start(tx, ledger)), now=now)


def _has_failed_start(tx: Transaction, ledger: Ledger) -> bool:
    """By number, not by time: otherwise the number of workers would decide."""
    first = failed_start(ledger.search.parallel)
    if ledger.counts[TrialState.FAILED] < first:
        return False
    is_first = (_trial.search_id == ledger.search.id) & (_trial.number < first) & (_trial.state == TrialState.FAILED)
    return tx.execute(sa.select(sa.func.count()).where(is_first)).scalar_one() == first


def cancel(tx: Transaction, ledger: Ledger, trial_id: int, *, now: datetime) -> None:
    """End one open trial of a locked search; its worker, if any, hears of it at its next word. Raises TrialEnded."""
    statement = sa.select(_trial.state).where(_trial.id == trial_id, _trial.search_id == ledger.search.id)
    state = TrialState(tx.execute(statement).scalar_one())
    if state not in OPEN_STATES:
        raise TrialEnded(f"trial {trial_id} is already {state}; nothing is left to cancel")
    _cancel(tx, _trial.id == trial_id, now=now)
    ledger.move(state, TrialState.CANCELLED)


def _cancel_open(tx: Transaction, ledger: Ledger, *, now: datetime) -> None:
    """Open trials end with their search; their workers hear of it at their next word."""
    if not any(ledger.counts[state] for state in OPEN_STATES):
        return
    _cancel(tx, (_trial.search_id == ledger.search.id) & tables.is_open, now=now)
    for state in OPEN_STATES:
        ledger.counts[TrialState.CANCELLED] += ledger.counts[state]
        ledger.counts[state] = 0


def _cancel(tx: Transaction, is_chosen: sa.ColumnElement[bool], *, now: datetime) -> None:
    """These trials, with the lease and the attempt that each may have."""
    chosen = sa.select(_trial.id).where(is_chosen)
    tx.execute(sa.delete(tables.lease).where(tables.lease.c.trial_id.in_(chosen)))
    tx.execute(
        sa.update(tables.attempt)
        .where(tables.attempt.c.trial_id.in_(chosen), tables.attempt.c.outcome == AttemptOutcome.RUNNING)
        .values(outcome=AttemptOutcome.CANCELLED, ended_at=now)
    )
    tx.execute(sa.update(tables.trial).where(is_chosen).values(state=TrialState.CANCELLED, finished_at=now))


def end_overdue(tx: Transaction, *, now: datetime) -> list[int]:
    """End searches whose time is over and that run nothing; returns them."""
    is_open = _search.state.in_(sorted(OPEN_SEARCH_STATES))
    overdue = tx.execute(sa.select(_search.id).where(is_open, _search.deadline_at <= now, _search.running == 0))
    ledgers = lock(tx, overdue.scalars())
    for ledger in ledgers.values():
        save(tx, ledger, now=now)
    return list(ledgers)
