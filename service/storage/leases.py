"""Leases that ran out: their attempts are lost and their trials queued again, or failed if that happened too often."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from caviar.states import AttemptOutcome, TrialState
from service.storage import ledgers, tables
from service.storage.attempts import Held, close, open_books, set_trial
from service.storage.database import Transaction
from service.storage.ledgers import Ledger

_lease, _trial = tables.lease.c, tables.trial.c
MAX_LOST = 3
"""A trial may be lost so often; the next loss fails it."""
LONGEST_PAUSE_SECONDS = 64


def expire(tx: Transaction, *, now: datetime, most: int = 100) -> list[int]:
    """End leases that ran out, oldest first; returns the searches this concerned."""
    statement = (
        sa.select(_lease.trial_id, _lease.attempt)
        .where(_lease.expires_at < now)
        .order_by(_lease.expires_at)
        .limit(most)
    )
    dead = {(row.trial_id, row.attempt) for row in tx.execute(statement)}
    if not dead:
        return []
    books, held = open_books(tx, dead)
    still = sa.select(_lease.trial_id).where(_lease.trial_id.in_([key[0] for key in held]), _lease.expires_at < now)
    expired = set(tx.execute(still).scalars())
    lost = [value for value in held.values() if value.is_live and value.trial_id in expired]
    for value in lost:
        _lose(tx, books[value.search_id], value, now=now)
    for search_id in sorted({value.search_id for value in lost}):
        ledgers.save(tx, books[search_id], now=now)
    return sorted({value.search_id for value in lost})


def _lose(tx: Transaction, ledger: Ledger, held: Held, *, now: datetime) -> None:
    close(tx, held, AttemptOutcome.LOST, finish_hash=None, now=now)
    lost_count = held.lost_count + 1
    if lost_count > MAX_LOST:
        detail = f"its worker disappeared {lost_count} times; look at the worker's memory and log"
        error = {"error_code": "lost_limit", "error_detail": detail}
        set_trial(tx, ledger, held, TrialState.FAILED, lost_count=lost_count, finished_at=now, **error)
        return
    # The first loss is most likely the machine's, so the trial is free at once; after that it waits longer each time.
    pause = timedelta(seconds=min(2**lost_count, LONGEST_PAUSE_SECONDS) if lost_count > 1 else 0)
    set_trial(tx, ledger, held, TrialState.QUEUED, lost_count=lost_count, available_at=now + pause)


def grace(tx: Transaction, *, until: datetime) -> None:
    """After a restart: no worker is to blame for the time in which the server did not listen."""
    ledgers.lock_owners(tx, sa.select(_trial.search_id).join(tables.lease, _lease.trial_id == _trial.id))
    tx.execute(sa.update(tables.lease).where(_lease.expires_at < until).values(expires_at=until))


def forget_claims(tx: Transaction, *, before: datetime) -> None:
    """Claim keys are replayed within minutes; a day later they are only weight."""
    tx.execute(sa.delete(tables.claim).where(tables.claim.c.claimed_at < before))
