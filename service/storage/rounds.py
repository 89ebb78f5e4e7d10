"""Rounds: the rows of the zoom, what a sampler needs to know for the next, and the one insert that creates it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from caviar.states import RANKED_STATES, TrialState
from service.samplers.interface import Result
from service.storage import ledgers, tables, trials
from service.storage.database import Transaction
from service.storage.ledgers import Ledger
from service.storage.records import Draft, RoundRecord, SearchRecord

_round, _trial, _search = tables.round_.c, tables.trial.c, tables.search.c


@dataclass(frozen=True)
class Step:
    """New trials of a search, and the new round they belong to, if there is one.

    It was computed from the search as it stood with these counters, and holds only if they still stand.
    """

    next_number: int
    next_round: int
    round: RoundRecord | None
    drafts: Sequence[Draft]
    round_left: int


def page(tx: Transaction, search_id: int, *, limit: int, after: int | None) -> list[RoundRecord]:
    statement = sa.select(tables.round_).where(_round.search_id == search_id).order_by(_round.round).limit(limit)
    if after is not None:
        statement = statement.where(_round.round > after)
    return [_record(row) for row in tx.execute(statement)]


def newest(tx: Transaction, search: SearchRecord) -> RoundRecord | None:
    statement = sa.select(tables.round_).where(_round.search_id == search.id, _round.round == search.next_round - 1)
    row = tx.execute(statement).one_or_none()
    return None if row is None else _record(row)


def has_open(tx: Transaction, search_id: int, *, up_to: int) -> bool:
    """Whether a trial of these rounds is still queued or running."""
    found = sa.select(_trial.id).where(_trial.search_id == search_id, _trial.round <= up_to, tables.is_open).limit(1)
    return tx.execute(found).first() is not None


def results(tx: Transaction, search_id: int, *, up_to: int) -> list[Result]:
    """The finished trials of these rounds, by number. What failed, was cancelled or diverged counts as the worst."""
    columns = (_trial.number, _trial.hyperparameters, _trial.score, _trial.diverged, _trial.state)
    statement = (
        sa.select(*columns)
        .where(_trial.search_id == search_id, _trial.round <= up_to, _trial.finished_at.is_not(None))
        .order_by(_trial.number)
    )
    return [
        Result(
            number=row.number,
            hyperparameters=row.hyperparameters,
            score=row.score if TrialState(row.state) in RANKED_STATES and not row.diverged else None,
        )
        for row in tx.execute(statement)
    ]


def take(tx: Transaction, search_id: int, step: Step, *, now: datetime) -> bool:
    """Carry out a step. False, and nothing done, when the search has moved on since the step was computed."""
    ledger = ledgers.lock(tx, [search_id]).get(search_id)
    if ledger is None:
        return False
    search = ledger.search
    has_moved = (search.next_number, search.next_round) != (step.next_number, step.next_round)
    if not search.is_open or has_moved or search.next_number + len(step.drafts) > search.budget:
        return False
    if step.round is not None:
        row = asdict(step.round) | {"search_id": search_id, "created_at": now}
        tx.execute(sa.insert(tables.round_).values(row))
    trials.insert(tx, ledger, step.drafts, now=now)
    counters = {
        "next_number": search.next_number + len(step.drafts),
        "next_round": search.next_round + int(step.round is not None),
        "round_left": step.round_left,
    }
    tx.execute(sa.update(tables.search).where(_search.id == search_id).values(counters))
    ledgers.save(tx, ledger, now=now)
    return True


def append(tx: Transaction, ledger: Ledger, draft: Draft, *, now: datetime) -> None:
    """One more trial of a locked search, outside the rounds' own plan: it takes the next number."""
    trials.insert(tx, ledger, [draft], now=now)
    changed = _search.id == ledger.search.id
    tx.execute(sa.update(tables.search).where(changed).values(next_number=draft.number + 1))
    ledgers.save(tx, ledger, now=now)


def _record(row: Any) -> RoundRecord:
    return RoundRecord(**{name: getattr(row, name) for name in RoundRecord.__dataclass_fields__})
