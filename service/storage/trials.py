"""Trials as they are read and created. claims.py, outcomes.py and leases.py say how they change hands."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from caviar.errors import NotFound
from caviar.states import AttemptOutcome, Origin, TrialState
from service.storage import tables
from service.storage.database import Transaction
from service.storage.ledgers import Ledger
from service.storage.pending import later
from service.storage.prepared import Among, Prepared
from service.storage.records import AttemptRecord, Draft, ReportRecord, TrialRecord

_trial = tables.trial.c
_NAMES = list(TrialRecord.__dataclass_fields__)
_ORIGIN, _STATE = _NAMES.index("origin"), _NAMES.index("state")
COLUMNS = [_trial[name] for name in _NAMES]
_NEW = ["search_id", "number", "round", "origin", "parent_trial", "state", "stack", "hyperparameters", "seed",
        "metrics", "available_at", "created_at"]  # fmt: skip
_INSERT = Prepared(sa.insert(tables.trial).inline(), columns=_NEW)


def insert(tx: Transaction, ledger: Ledger, drafts: Sequence[Draft], *, now: datetime) -> None:
    """New queued trials of a locked search."""
    if not drafts:
        return
    parents = _ids(tx, ledger.search.id, [draft.parent for draft in drafts if draft.parent is not None])
    rows = [
        {
            "search_id": ledger.search.id,
            "number": draft.number,
            "round": draft.round,
            "origin": draft.origin,
            "parent_trial": None if draft.parent is None else parents[draft.parent],
            "state": TrialState.QUEUED,
            "stack": draft.stack,
            "hyperparameters": dict(draft.hyperparameters),
            "seed": draft.seed,
            "metrics": {},
            "available_at": now,
            "created_at": now,
        }
        for draft in drafts
    ]
    later(tx, _INSERT, rows)
    ledger.add(len(rows), enqueued=sum(draft.origin is Origin.ENQUEUED for draft in drafts))


def _ids(tx: Transaction, search_id: int, numbers: Sequence[int]) -> dict[int, int]:
    """The trials with these numbers."""
    if not numbers:
        return {}
    statement = sa.select(_trial.number, _trial.id).where(_trial.search_id == search_id, _trial.number.in_(numbers))
    return {row.number: row.id for row in tx.execute(statement)}


def find(tx: Transaction, trial_id: int) -> TrialRecord | None:
    row = tx.execute(sa.select(*COLUMNS).where(_trial.id == trial_id)).one_or_none()
    return None if row is None else record(row)


_AMONG = Prepared(sa.select(*COLUMNS).where(Among(_trial.id)))


def among(tx: Transaction, trial_ids: Iterable[int | None]) -> list[TrialRecord]:
    """Those of these trials that exist."""
    ids = [trial_id for trial_id in trial_ids if trial_id is not None]
    return [record(row) for row in _AMONG.all(tx, ids=ids)] if ids else []


def get(tx: Transaction, trial_id: int) -> TrialRecord:
    """Raises NotFound."""
    found = find(tx, trial_id)
    if found is None:
        raise NotFound(f"there is no trial {trial_id}; GET /v1/searches/{{id}}/trials lists a search's trials")
    return found


def by_number(tx: Transaction, search_id: int, number: int) -> TrialRecord:
    statement = sa.select(*COLUMNS).where(_trial.search_id == search_id, _trial.number == number)
    return record(tx.execute(statement).one())


def page(
    tx: Transaction, search_id: int, *, state: TrialState | None, limit: int, after: int | None
) -> list[TrialRecord]:
    """In the order of their numbers."""
    statement = sa.select(*COLUMNS).where(_trial.search_id == search_id).order_by(_trial.number).limit(limit)
    if state is not None:
        statement = statement.where(_trial.state == state)
    if after is not None:
        statement = statement.where(_trial.number > after)
    return [record(row) for row in tx.execute(statement)]


def ranked(tx: Transaction, search_id: int, *, limit: int, after: tuple[bool, float, int] | None) -> list[TrialRecord]:
    """The leaderboard: best first, diverged last, ties by number. `after`: the last row's (diverged, score, number)."""
    order = (_trial.diverged, _trial.score, _trial.number)
    statement = sa.select(*COLUMNS).where(_trial.search_id == search_id, tables.is_ranked).order_by(*order).limit(limit)
    if after is not None:
        statement = statement.where(sa.tuple_(*order) > sa.tuple_(*after, types=[c.type for c in order]))
    return [record(row) for row in tx.execute(statement)]


def attempts(tx: Transaction, trial_id: int) -> list[AttemptRecord]:
    attempt = tables.attempt.c
    rows = tx.execute(sa.select(tables.attempt).where(attempt.trial_id == trial_id).order_by(attempt.attempt))
    names = [name for name in AttemptRecord.__dataclass_fields__ if name != "outcome"]
    return [AttemptRecord(**{n: getattr(row, n) for n in names}, outcome=AttemptOutcome(row.outcome)) for row in rows]


def reports(tx: Transaction, trial_id: int, *, limit: int, after: tuple[int, int] | None) -> list[ReportRecord]:
    """The learning curve; `after` is an (attempt, step)."""
    report = tables.report.c
    statement = sa.select(tables.report).where(report.trial_id == trial_id)
    if after is not None:
        statement = statement.where(sa.tuple_(report.attempt, report.step) > sa.tuple_(*after))
    rows = tx.execute(statement.order_by(report.attempt, report.step).limit(limit))
    return [ReportRecord(row.attempt, row.step, row.metrics, row.reported_at) for row in rows]


def record(row: Any) -> TrialRecord:
    """From a row of COLUMNS, taken apart by place: a claim reads many."""
    cells = list(row)
    cells[_ORIGIN], cells[_STATE] = Origin(cells[_ORIGIN]), TrialState(cells[_STATE])
    return TrialRecord(*cells)


def repetitions(tx: Transaction, search_id: int, *, most: int = 100) -> dict[int, list[float]]:
    """By trial, the values of it and of the trials that ran it again, for those of the best `most` that were."""
    again = tables.trial.alias()
    best = (
        sa.select(_trial.id, _trial.value)
        .where(_trial.search_id == search_id, tables.is_ranked, _trial.diverged.is_(False))
        .order_by(_trial.diverged, _trial.score, _trial.number)
        .limit(most)
        .subquery()
    )
    statement = (
        sa.select(best.c.id, best.c.value, again.c.value.label("repeated"))
        .join(again, again.c.parent_trial == best.c.id)
        .where(again.c.origin == Origin.CONFIRM, again.c.value.is_not(None))
        .order_by(best.c.id, again.c.number)
    )
    values: dict[int, list[float]] = {}
    for row in tx.execute(statement):
        values.setdefault(row.id, [row.value]).append(row.repeated)
    return values
