"""Entries at the rungs of stopping rules: one per trial and rung, kept whatever becomes of the trial."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from caviar.stopping import LATEST_TRIALS
from service.stopping.interface import WORST, Cutoff, Entry, Rule, from_json
from service.storage import tables
from service.storage.database import Transaction

_rung, _round = tables.rung.c, tables.round_.c
RoundKey = tuple[int, int]
"""(search id, round)"""


@dataclass(frozen=True)
class Reached:
    """A trial's entry at a rung, with what its row says of the trial."""

    trial_id: int
    search_id: int
    number: int
    round: int
    entry: Entry


def scores(tx: Transaction, search_id: int, rule: Rule, *, up_to: int | None) -> dict[int, list[float]]:
    """By rung, the entries of the latest trials of the rounds up to this one, or of all.

    Of the latest only: a bound on what a round costs.
    """
    steps = sa.select(_rung.step).where(_rung.search_id == search_id).order_by(_rung.step.desc()).limit(1)
    highest = tx.execute(steps).scalar_one_or_none() or 0
    return {step: _scores_at(tx, search_id, step, up_to=up_to) for step in rule.rungs(up_to=highest)}


def _scores_at(tx: Transaction, search_id: int, step: int, *, up_to: int | None) -> list[float]:
    is_wanted = (_rung.search_id == search_id) & (_rung.step == step)
    if up_to is not None:
        is_wanted &= _rung.round <= up_to
    statement = sa.select(_rung.score).where(is_wanted).order_by(_rung.number.desc()).limit(LATEST_TRIALS)
    return [WORST if score is None else score for (score,) in tx.execute(statement).all()]


def last(tx: Transaction, trial_ids: Collection[int]) -> dict[int, Entry]:
    """The highest rung that each of these trials has reached, whichever attempt it was."""
    statement = sa.select(_rung.trial_id, _rung.step, _rung.score).where(_rung.trial_id.in_(sorted(trial_ids)))
    rows = tx.execute(statement.order_by(_rung.trial_id, _rung.step)).all()
    return {row.trial_id: Entry(row.step, WORST if row.score is None else row.score) for row in rows}


def add(tx: Transaction, reached: Sequence[Reached]) -> None:
    rows = [
        {
            "trial_id": one.trial_id,
            "step": one.entry.rung,
            "search_id": one.search_id,
            "number": one.number,
            "round": one.round,
            "score": None if one.entry.score == WORST else one.entry.score,
        }
        for one in reached
    ]
    if rows:
        tx.execute(sa.insert(tables.rung), rows)


def cutoffs(tx: Transaction, keys: Collection[RoundKey]) -> dict[RoundKey, Mapping[int, Cutoff]]:
    """By round, then by rung."""
    wanted = sa.tuple_(_round.search_id, _round.round).in_(sorted(keys))
    rows = tx.execute(sa.select(_round.search_id, _round.round, _round.cutoffs).where(wanted))
    return {(row.search_id, row.round): from_json(row.cutoffs) for row in rows}
