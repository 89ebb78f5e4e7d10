"""What pictures of a search are made of. Every read goes by an index and has a limit, however large the search is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from caviar.states import Origin, TrialState
from service.storage import tables
from service.storage.database import Transaction
from service.storage.prepared import Among, Prepared
from service.storage.records import Hyperparameters, RoundRecord, SearchRecord

_trial, _round = tables.trial.c, tables.round_.c
MOST_SAMPLED = 2000
MOST_LEADERS = 100
MOST_RECORDS = 500
MOST_ROUNDS = 120
_GOLDEN = 0x9E3779B1
"""2^32 over the golden ratio: multiples of it fill an interval evenly."""


@dataclass(frozen=True)
class SampledRecord:
    id: int
    number: int
    round: int
    origin: Origin
    state: TrialState
    value: float | None
    diverged: bool
    hyperparameters: Hyperparameters
    metrics: dict[str, Any]


_OF_SEARCH = sa.select(*(_trial[name] for name in SampledRecord.__dataclass_fields__)).where(
    _trial.search_id == sa.bindparam("of_search")
)
_BY_NUMBER = Prepared(_OF_SEARCH.where(Among(_trial.number, "numbers")))
_AMONG = Prepared(_OF_SEARCH.where(Among(_trial.id)))
_LEADERS = Prepared(
    _OF_SEARCH.where(tables.is_ranked)
    .order_by(_trial.diverged, _trial.score, _trial.number)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_RECORDS = Prepared(
    _OF_SEARCH.where(tables.is_record).order_by(_trial.number.desc()).limit(sa.bindparam("most", type_=sa.Integer))
)


def sampled(
    tx: Transaction, search: SearchRecord, *, most: int = MOST_SAMPLED, leaders: int = MOST_LEADERS
) -> list[SampledRecord]:
    """Trials from all over a search, by number: at most `most`, and besides them the leaders and the newest of those
    that set a new best."""
    numbers = spread(search.next_number, most)
    found = _BY_NUMBER.all(tx, of_search=search.id, numbers=numbers)
    if len(numbers) < search.next_number:
        found += _LEADERS.all(tx, of_search=search.id, most=leaders)
        found += _RECORDS.all(tx, of_search=search.id, most=MOST_RECORDS)
    by_number = {row[1]: row for row in found}
    return [_record(by_number[number]) for number in sorted(by_number)]


def spread(count: int, most: int) -> list[int]:
    """At most `most` numbers below `count`: one of every 1, 2, 4, 8 … and not always the same one of a round.

    As `count` grows they stay, until they are twice as many as may be: a picture that is drawn anew does not flicker.
    """
    step = 1
    while step * most < count:
        step *= 2
    places = (start + (start // step * _GOLDEN % 2**32) * step // 2**32 for start in range(0, count, step))
    return [number for number in places if number < count]


def among(tx: Transaction, search_id: int, trial_ids: Sequence[int]) -> list[SampledRecord]:
    """Those of these trials that are the search's."""
    return [_record(row) for row in _AMONG.all(tx, of_search=search_id, ids=list(trial_ids))] if trial_ids else []


def leaders(tx: Transaction, search_id: int, *, most: int) -> list[SampledRecord]:
    """The best first."""
    return [_record(row) for row in _LEADERS.all(tx, of_search=search_id, most=most)]


def _record(row: Sequence[Any]) -> SampledRecord:
    id_, number, round_, origin, state, *others = row
    return SampledRecord(id_, number, round_, Origin(origin), TrialState(state), *others)


def rounds(tx: Transaction, search: SearchRecord, *, most: int = MOST_ROUNDS) -> list[RoundRecord]:
    """From all over the zoom, at most `most` and the newest; as with trials, they stay as the zoom goes on."""
    step = 1
    while step * most < search.next_round:
        step *= 2
    wanted = {*range(0, search.next_round, step), search.next_round - 1}
    columns = [_round[name] for name in RoundRecord.__dataclass_fields__ if name not in ("state", "cutoffs")]
    statement = sa.select(*columns).where(_round.search_id == search.id, _round.round.in_(sorted(wanted)))
    return [
        RoundRecord(**{**row._mapping, "hints": row.hints or [], "state": {}})
        for row in tx.execute(statement.order_by(_round.round))
    ]
