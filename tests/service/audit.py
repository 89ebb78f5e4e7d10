"""Counts a store's rows again and compares them with all that it claims to know. Run after every scenario."""

import math

import sqlalchemy as sa

from caviar.states import OPEN_STATES, RANKED_STATES, AttemptOutcome, SearchState, TrialState
from service.storage import searches, tables, trials
from service.storage.database import Database, Transaction
from service.storage.records import SearchRecord, TrialRecord

_attempt, _lease = tables.attempt.c, tables.lease.c


def audit(database: Database) -> None:
    with database.read() as tx:
        everything = searches.page(tx, limit=10_000, before=None)
        for search in everything:
            mine = trials.page(tx, search.id, state=None, limit=100_000, after=None)
            _audit_counts(search, mine)
            _audit_best(search, mine)
            _audit_records(tx, search)
            for trial in mine:
                _audit_holder(tx, trial)
        _audit_orphans(tx, [search.id for search in everything])


def _audit_counts(search: SearchRecord, mine: list[TrialRecord]) -> None:
    counted = {state: sum(trial.state is state for trial in mine) for state in TrialState}
    assert search.counts == counted
    assert counted[TrialState.RUNNING] <= search.parallel
    assert [trial.number for trial in mine] == list(range(search.next_number))
    assert search.next_number <= search.budget
    if search.state not in (SearchState.ACTIVE, SearchState.PAUSED):
        assert not {trial.state for trial in mine} & OPEN_STATES


def _audit_best(search: SearchRecord, mine: list[TrialRecord]) -> None:
    """The best is the lowest score; of equal ones any may be named."""
    scores = {t.id: t.score for t in mine if t.state in RANKED_STATES and not t.diverged and t.score is not None}
    assert search.best_score == min(scores.values(), default=None)
    assert (search.best_trial is None) == (not scores)
    if search.best_trial is not None:
        assert math.isclose(scores[search.best_trial], search.best_score or 0.0, abs_tol=0.0)


def _audit_records(tx: Transaction, search: SearchRecord) -> None:
    """The last trial that set a new best has the best value, and no two are equally good."""
    trial = tables.trial.c
    ours = sa.select(trial.score, trial.state, trial.diverged).where(trial.search_id == search.id)
    records = tx.execute(ours.where(tables.is_record)).all()
    assert {row.state for row in records} <= RANKED_STATES
    assert not any(row.diverged for row in records)
    assert min((row.score for row in records), default=None) == search.best_score
    assert len({row.score for row in records}) == len(records)


def _audit_holder(tx: Transaction, trial: TrialRecord) -> None:
    """A running trial has one lease and one running attempt, any other has neither; a ranked one has one result."""
    held = list(tx.execute(sa.select(_lease.attempt).where(_lease.trial_id == trial.id)).scalars())
    outcomes = [attempt.outcome for attempt in trials.attempts(tx, trial.id)]
    assert len(outcomes) == trial.attempt
    assert held == ([trial.attempt] if trial.state is TrialState.RUNNING else [])
    assert outcomes.count(AttemptOutcome.RUNNING) == len(held)
    is_stopped = trial.state is TrialState.STOPPED
    assert (trial.stopped_step is not None, trial.verdict is not None) == (is_stopped, is_stopped)
    results = outcomes.count(AttemptOutcome.COMPLETED) + outcomes.count(AttemptOutcome.STOPPED)
    assert results == (trial.state in RANKED_STATES)
    assert outcomes.count(AttemptOutcome.LOST) == trial.lost_count


def _audit_orphans(tx: Transaction, search_ids: list[int]) -> None:
    """Nothing is left of a search that was deleted."""
    for table in (tables.trial, tables.round_, tables.rung):
        assert set(tx.execute(sa.select(table.c.search_id)).scalars()) <= set(search_ids)
    known = set(tx.execute(sa.select(tables.trial.c.id)).scalars())
    for table in (tables.lease, tables.attempt, tables.report, tables.rung):
        assert set(tx.execute(sa.select(table.c.trial_id)).scalars()) <= known
