"""How fast workers have been lately, from the attempts of the newest trials."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from caviar.states import AttemptOutcome
from service.storage import tables
from service.storage.database import Transaction
from service.storage.prepared import Prepared

MOST = 1000
"""Attempts that are looked at, however many there are."""
_attempt = tables.attempt.c
_DONE = frozenset({AttemptOutcome.COMPLETED, AttemptOutcome.STOPPED, AttemptOutcome.FAILED})
_NEWEST = Prepared(
    sa.select(_attempt.worker, _attempt.outcome, _attempt.started_at, _attempt.ended_at)
    .order_by(_attempt.trial_id.desc(), _attempt.attempt.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


@dataclass(frozen=True)
class Pace:
    """So many trials did a worker bring to an end between its first start and its last end."""

    trials: int
    first: datetime
    last: datetime

    @property
    def per_minute(self) -> float | None:
        """None where the time is too short to tell."""
        seconds = (self.last - self.first).total_seconds()
        return self.trials / seconds * 60 if seconds > 0 else None


def recent(tx: Transaction, *, most: int = MOST) -> dict[str, Pace]:
    """By worker; those that have ended nothing among the newest attempts are left out."""
    found: dict[str, Pace] = {}
    for worker, outcome, started, ended in _NEWEST.all(tx, most=most):
        if outcome not in _DONE or ended is None:
            continue
        old = found.get(worker, Pace(0, started, ended))
        found[worker] = Pace(old.trials + 1, min(old.first, started), max(old.last, ended))
    return found
