"""How trials went: their attempts on workers, their learning curves. Every read goes by an index and has a limit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from caviar.numbers import from_wire
from caviar.states import AttemptOutcome
from service.storage import tables
from service.storage.database import Transaction
from service.storage.prepared import Prepared, Row

_trial, _attempt, _report = tables.trial.c, tables.attempt.c, tables.report.c
MOST_STINTS = 500
MOST_REPORTS = 1000
"""Of one curve: so many of its first and so many of its last."""
MOST_POINTS = 200
"""Of one curve, once it is thinned out."""


@dataclass(frozen=True)
class StintRecord:
    trial_id: int
    number: int
    attempt: int
    worker: str
    outcome: AttemptOutcome
    started_at: datetime
    ended_at: datetime | None


_MOST = sa.bindparam("most", type_=sa.Integer)
_STINTS = (
    sa.select(
        _trial.id,
        _trial.number,
        *(_attempt[name] for name in ("attempt", "worker", "outcome", "started_at", "ended_at")),
    )
    .join_from(tables.trial, tables.attempt, _attempt.trial_id == _trial.id)
    .where(_trial.search_id == sa.bindparam("of_search"))
)
_NEWEST = Prepared(_STINTS.order_by(_trial.number.desc(), _attempt.attempt.desc()).limit(_MOST))
_RUNNING = Prepared(
    _STINTS.where(tables.is_open, _attempt.attempt == _trial.attempt, _attempt.outcome == AttemptOutcome.RUNNING)
    .order_by(_trial.round.desc())
    .limit(_MOST)
)


def stints(tx: Transaction, search_id: int, *, most: int = MOST_STINTS) -> list[StintRecord]:
    """The attempts of the newest trials and those that run, by trial; at most `most`, what runs first."""
    running = _RUNNING.all(tx, of_search=search_id, most=most)
    newest = _NEWEST.all(tx, of_search=search_id, most=most)
    found = list({(row[0], row[2]): row for row in (*running, *newest)}.values())[:most]
    return [
        StintRecord(id_, number, attempt, worker, AttemptOutcome(outcome), started_at, ended_at)
        for id_, number, attempt, worker, outcome, started_at, ended_at in sorted(
            found, key=lambda row: (row[1], row[2])
        )
    ]


def running(tx: Transaction, search_id: int, *, most: int) -> list[int]:
    """Ids of trials that run, those of the newest rounds first."""
    return [row[0] for row in _RUNNING.all(tx, of_search=search_id, most=most)]


_OF_TRIAL = sa.select(_report.attempt, _report.step, _report.metrics).where(
    _report.trial_id == sa.bindparam("of_trial")
)
_FIRST = Prepared(_OF_TRIAL.order_by(_report.attempt, _report.step).limit(_MOST))
_LAST = Prepared(_OF_TRIAL.order_by(_report.attempt.desc(), _report.step.desc()).limit(_MOST))


def curve(tx: Transaction, trial_id: int, metric: str) -> list[tuple[int, float]]:
    """What a trial reported of one metric, by step; where a later attempt reported a step again, what that said.

    Of a long curve its beginning and its end, thinned out evenly.
    """
    rows = _FIRST.all(tx, of_trial=trial_id, most=MOST_REPORTS)
    if len(rows) == MOST_REPORTS:
        rows = _distinct([*rows, *reversed(_LAST.all(tx, of_trial=trial_id, most=MOST_REPORTS))])
    values = {step: from_wire(metrics[metric]) for _, step, metrics in rows if metric in metrics}
    return _thinned([(step, values[step]) for step in sorted(values)])


def _distinct(rows: Iterable[Row]) -> list[Row]:
    found = {(row[0], row[1]): row for row in rows}
    return [found[at] for at in sorted(found)]


def _thinned(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The first and the last among them."""
    if len(points) <= MOST_POINTS:
        return points
    last = len(points) - 1
    return [points[i * last // (MOST_POINTS - 1)] for i in range(MOST_POINTS)]
