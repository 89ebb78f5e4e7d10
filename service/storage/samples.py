"""Finished trials of a search, or an even sample of them where there are many."""

from typing import Any

import sqlalchemy as sa

from caviar.states import RANKED_STATES, TrialState
from service.samplers.interface import Result
from service.storage import searches, tables
from service.storage.database import Transaction

_trial = tables.trial.c
_PER_QUERY = 1000
_GOLDEN = 0x9E3779B1
"""2^32 over the golden ratio: multiples of it fill an interval evenly."""


def finished(tx: Transaction, search_id: int, *, limit: int) -> list[Result]:
    """By number, at most `limit`, from all over the search; without cancelled trials, which nobody tried.

    What failed or diverged has no score. Raises NotFound.
    """
    count = searches.get(tx, search_id).next_number
    columns = (_trial.number, _trial.hyperparameters, _trial.score, _trial.diverged, _trial.state)
    statement = (
        sa.select(*columns)
        .where(_trial.search_id == search_id, _trial.finished_at.is_not(None), _trial.state != TrialState.CANCELLED)
        .order_by(_trial.number)
    )
    if count <= limit:
        return [_result(row) for row in tx.execute(statement)]
    numbers = _spread(count, limit)
    parts = [numbers[start : start + _PER_QUERY] for start in range(0, limit, _PER_QUERY)]
    return [_result(row) for part in parts for row in tx.execute(statement.where(_trial.number.in_(part)))]


def _spread(count: int, limit: int) -> list[int]:
    """`limit` numbers below `count`, one from each of as many equal parts, and not always the same one of a round."""
    edges = [i * count // limit for i in range(limit + 1)]
    places = [(i * _GOLDEN % 2**32) / 2**32 for i in range(limit)]
    return [start + int(place * (end - start)) for start, end, place in zip(edges, edges[1:], places, strict=False)]


def _result(row: Any) -> Result:
    has_score = TrialState(row.state) in RANKED_STATES and not row.diverged
    return Result(row.number, row.hyperparameters, row.score if has_score else None)
