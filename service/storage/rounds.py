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
from service.storage.records import Draft, Hyperparameters, RoundRecord, SearchRecord

_round, _trial, _search = tables.round_.c, tables.trial.c, tables.search.c
MOST_RESULTS = 400
"""Up to so many results a round sees all of them, beyond that the best and the newest, SOME each."""
SOME = 150
_is_whole = tables.is_ranked & (_trial.state == TrialState.COMPLETED) & _trial.diverged.is_(False)
_best_first = (_trial.diverged, _trial.score, _trial.number)


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
    is_last: bool = False
    """The space has no further points: the budget ends with these trials."""


@dataclass(frozen=True)
class Memory:
    """What a round is computed from, as interface.Ask describes it."""

    results: Sequence[Result] = ()
    seen: int = 0
    pending: Sequence[Hyperparameters] = ()


def page(tx: Transaction, search_id: int, *, limit: int, after: int | None) -> list[RoundRecord]:
    statement = sa.select(tables.round_).where(_round.search_id == search_id).order_by(_round.round).limit(limit)
    if after is not None:
        statement = statement.where(_round.round > after)
    return [_record(row) for row in tx.execute(statement)]


def newest(tx: Transaction, search: SearchRecord) -> RoundRecord | None:
    statement = sa.select(tables.round_).where(_round.search_id == search.id, _round.round == search.next_round - 1)
    row = tx.execute(statement).one_or_none()
    return None if row is None else _record(row)


def hints(tx: Transaction, found: Sequence[SearchRecord]) -> dict[int, Sequence[str]]:
    """What the newest round of each of these searches tells its user, by search."""
    newest = [(search.id, search.next_round - 1) for search in found]
    wanted = sa.tuple_(_round.search_id, _round.round).in_(newest)
    rows = {row.search_id: row.hints or [] for row in tx.execute(sa.select(tables.round_).where(wanted))}
    return {search.id: rows.get(search.id, []) for search in found}


def has_open(tx: Transaction, search_id: int, *, up_to: int) -> bool:
    """Whether a trial of these rounds is still queued or running."""
    found = sa.select(_trial.id).where(_trial.search_id == search_id, _trial.round <= up_to, tables.is_open).limit(1)
    return tx.execute(found).first() is not None


def memory(tx: Transaction, search: SearchRecord, *, up_to: int | None = None) -> Memory:
    """What has finished of the rounds up to this one, or of all, and what else there is.

    In a long search only the best and the newest results, so that the cost does not grow with it.
    """
    is_ours = _trial.search_id == search.id
    is_ended = _trial.finished_at.is_not(None)
    is_seen = is_ended if up_to is None else (_trial.round <= up_to) & is_ended
    pending = _pending(tx, search, up_to=up_to)
    seen = search.next_number - len(pending)
    found = _results(tx, is_ours & is_seen, by=[_trial.number.desc()], most=SOME if seen > MOST_RESULTS else seen)
    if seen > MOST_RESULTS:
        found |= _results(tx, is_ours & is_seen & _is_whole, by=_best_first, most=SOME)
    return Memory([found[number] for number in sorted(found)], seen, pending)


def _pending(tx: Transaction, search: SearchRecord, *, up_to: int | None) -> list[Hyperparameters]:
    """Of the trials after this round, or of those that are open."""
    is_wanted: sa.ColumnElement[bool] = tables.is_open
    if up_to is not None:
        begun = sa.select(_round.first).where(_round.search_id == search.id, _round.round == up_to + 1)
        is_wanted = (_trial.round > up_to) & (_trial.number >= begun.scalar_subquery())
    statement = sa.select(_trial.hyperparameters).where(_trial.search_id == search.id, is_wanted)
    return list(tx.execute(statement.order_by(_trial.number)).scalars())


def _results(
    tx: Transaction, is_wanted: sa.ColumnElement[bool], *, by: Sequence[sa.ColumnElement[Any]], most: int
) -> dict[int, Result]:
    """Finished trials by number. What failed, was cancelled or diverged counts as the worst."""
    columns = (_trial.number, _trial.hyperparameters, _trial.score, _trial.diverged, _trial.state, _trial.stopped_step)
    rows = tx.execute(sa.select(*columns).where(is_wanted).order_by(*by).limit(most))
    # Taken apart as tuples: hundreds of rows are read for every round, and a row's names cost more than its values.
    return {
        number: Result(number, hparams, None if diverged or state not in RANKED_STATES else score, step)
        for number, hparams, score, diverged, state, step in rows
    }


def take(tx: Transaction, search_id: int, step: Step, *, now: datetime) -> bool:
    """Carry out a step. False, and nothing done, when the search has moved on since the step was computed."""
    ledger = ledgers.lock(tx, [search_id]).get(search_id)
    if ledger is None:
        return False
    has_moved = (ledger.next_number, ledger.next_round) != (step.next_number, step.next_round)
    if not ledger.search.is_open or has_moved or ledger.next_number + len(step.drafts) > ledger.budget:
        return False
    put(tx, ledger, step, now=now)
    ledgers.save(tx, ledger, now=now)
    return True


def put(tx: Transaction, ledger: Ledger, step: Step, *, now: datetime) -> None:
    """A step that was computed from the ledger as it stands."""
    if step.round is not None:
        row = asdict(step.round) | {"search_id": ledger.search.id, "created_at": now}
        tx.execute(sa.insert(tables.round_).values(row))
        ledger.next_round += 1
    trials.insert(tx, ledger, step.drafts, now=now)
    ledger.round_left = step.round_left
    if step.is_last:
        ledger.budget = ledger.next_number


def append(tx: Transaction, ledger: Ledger, draft: Draft, *, now: datetime) -> None:
    """A user's own trial of a locked search, outside the rounds' plan: it takes the next number.

    What the search was told to start with and has not begun yet comes after it.
    """
    trials.insert(tx, ledger, [draft], now=now)
    start = ledger.search.start
    if draft.number < len(start):
        moved = [*start[: draft.number], draft.hyperparameters, *start[draft.number :]]
        tx.execute(sa.update(tables.search).where(_search.id == ledger.search.id).values(start=moved))
    ledgers.save(tx, ledger, now=now)


def _record(row: Any) -> RoundRecord:
    values = {name: getattr(row, name) for name in RoundRecord.__dataclass_fields__}
    return RoundRecord(**(values | {"hints": row.hints or []}))
