"""Reports that are older than is kept: found and deleted in small pieces. What a trial came to stays with the trial.

No index says which trials ended when. Trials are walked through in the order of their ids instead, a piece at a time,
so that neither looking nor deleting holds anybody up, however many there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from service.storage import tables
from service.storage.database import Transaction

_trial, _report = tables.trial.c, tables.report.c
LOOK = 1000
"""How many trials are looked at in one piece."""
ReportKey = tuple[int, int, int]
"""(trial id, attempt, step)"""


@dataclass(frozen=True)
class Piece:
    """Reports to delete, and the trial after which the next piece begins: None when this was the last."""

    reports: Sequence[ReportKey]
    position: int | None


def look(tx: Transaction, *, before: datetime, position: int, most: int) -> Piece:
    """At most so many reports of trials that ended before then, among the trials after the position."""
    statement = sa.select(_trial.id, _trial.finished_at).where(_trial.id > position).order_by(_trial.id).limit(LOOK)
    walked = tx.execute(statement).all()
    ended = [row.id for row in walked if row.finished_at is not None and row.finished_at < before]
    keys = [_report.trial_id, _report.attempt, _report.step]
    old = sa.select(*keys).where(_report.trial_id.in_(ended)).order_by(*keys).limit(most)
    reports = [(row.trial_id, row.attempt, row.step) for row in tx.execute(old)]
    if len(reports) == most:
        return Piece(reports, reports[-1][0] - 1)  # there may be more of the last one
    return Piece(reports, walked[-1].id if len(walked) == LOOK else None)


def delete(tx: Transaction, reports: Sequence[ReportKey]) -> int:
    """How many were still there."""
    if not reports:
        return 0
    statement = (
        sa.delete(tables.report)
        .where(_report.trial_id == sa.bindparam("of_trial"))
        .where(_report.attempt == sa.bindparam("of_attempt"), _report.step == sa.bindparam("of_step"))
    )
    rows = [{"of_trial": trial, "of_attempt": attempt, "of_step": step} for trial, attempt, step in reports]
    # Without the option SQLAlchemy asks for the count when psycopg has already forgotten it.
    return tx.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount
