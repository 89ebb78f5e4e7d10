"""Leases that ran out: their attempts are lost and their trials queued again, or failed if that happened too often."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from caviar.states import AttemptOutcome, TrialState
from service.storage import ledgers, tables
from service.storage.attempts import Endings, Held, lock_leases, open_books
from service.storage.database import Transaction
from service.storage.ledgers import Ledger
from service.storage.pending import later
from service.storage.prepared import Among, Prepared
from service.storage.types import Instant

_lease, _trial = tables.lease.c, tables.trial.c
MAX_LOST = 3
"""A trial may be lost so often; the next loss fails it."""
LONGEST_PAUSE_SECONDS = 64
FURTHEST = timedelta(seconds=LONGEST_PAUSE_SECONDS)
"""What lies further ahead than a term and this was written by a clock that has been set back since."""


_RENEW = Prepared(
    sa.update(tables.lease)
    .where(Among(_lease.trial_id))
    .values(
        beat_at=sa.bindparam("heard_at"),
        # A lease is never shortened: the time may come from a clock that stepped back.
        expires_at=sa.case(
            (_lease.expires_at > sa.bindparam("until", type_=_lease.expires_at.type), _lease.expires_at),
            else_=sa.bindparam("until", type_=_lease.expires_at.type),
        ),
    )
)


def renew(tx: Transaction, trial_ids: Sequence[int], *, until: datetime, now: datetime) -> None:
    """Their holders spoke."""
    lock_leases(tx, trial_ids)
    later(tx, _RENEW, [{"ids": list(trial_ids), "heard_at": now, "until": until}])


_EXPIRED = Prepared(
    sa.select(_lease.trial_id)
    .where(Among(_lease.trial_id), _lease.expires_at < sa.bindparam("now"))
    .with_for_update(skip_locked=True)
)


def expire(tx: Transaction, *, now: datetime, most: int = 100) -> dict[int, int]:
    """End leases that ran out, oldest first; returns how many of each search."""
    statement = (
        sa.select(_lease.trial_id, _lease.attempt)
        .where(_lease.expires_at < now)
        .order_by(_lease.expires_at)
        .limit(most)
    )
    dead = {(row.trial_id, row.attempt) for row in tx.execute(statement)}
    if not dead:
        return {}
    books, held = open_books(tx, dead)
    # Looked at again under their own locks: a heartbeat does not wait for the search, and one under way is not robbed.
    expired = {trial for (trial,) in _EXPIRED.all(tx, ids=[key[0] for key in held], now=now)}
    lost = [value for value in held.values() if value.is_live and value.trial_id in expired]
    endings = Endings(now)
    for value in lost:
        _lose(endings, books[value.search_id], value, now=now)
    endings.store(tx)
    lost_of = Counter(sorted(value.search_id for value in lost))
    for search_id in lost_of:
        ledgers.save(tx, books[search_id], now=now)
    return dict(lost_of)


def _lose(endings: Endings, ledger: Ledger, held: Held, *, now: datetime) -> None:
    endings.end(held, AttemptOutcome.LOST)
    lost_count = held.lost_count + 1
    if lost_count > MAX_LOST:
        detail = f"its worker disappeared {lost_count} times; look at the worker's memory and log"
        error = {"error_code": "lost_limit", "error_detail": detail}
        endings.move(ledger, held, TrialState.FAILED, lost_count=lost_count, finished_at=now, **error)
        return
    # The first loss is most likely the machine's, so the trial is free at once; after that it waits longer each time.
    pause = timedelta(seconds=min(2**lost_count, LONGEST_PAUSE_SECONDS) if lost_count > 1 else 0)
    endings.move(ledger, held, TrialState.QUEUED, lost_count=lost_count, available_at=now + pause)


def grace(tx: Transaction, *, since: datetime | None, ttl: timedelta, now: datetime) -> None:
    """Give every lease the time back in which no server listened, up to a full term: no worker is to blame for it.

    It began at `since`, or when somebody was last heard. So a lease whose worker is dead runs out even under a server
    that restarts again and again, as long as anybody else speaks. And what a clock that was set back would hold up for
    as long as it went back is due as it would have been.
    """
    is_stranded = tables.is_queued & (_trial.available_at > now + FURTHEST)
    stranded = list(tx.execute(sa.select(_trial.id).where(is_stranded)).scalars())
    ledgers.lock_owners(tx, [*tx.execute(sa.select(_lease.trial_id)).scalars(), *stranded])
    if stranded:
        tx.execute(sa.update(tables.trial).where(_trial.id.in_(stranded), is_stranded).values(available_at=now))
    if since is None:
        since = tx.execute(sa.select(sa.func.max(tables.worker.c.seen_at, type_=Instant()))).scalar_one_or_none() or now
    # Locked as they are read: a heartbeat, which does not wait for the searches, could come in between.
    held = tx.execute(sa.select(_lease.trial_id, _lease.expires_at).order_by(_lease.trial_id).with_for_update()).all()
    later = {trial: _given_back(expires, now - since, ttl=ttl, now=now) for trial, expires in held}
    _PUT_OFF.run_each(tx, [{"of_trial": trial, "until": until} for trial, until in later.items()])


def _given_back(expires: datetime, away: timedelta, *, ttl: timedelta, now: datetime) -> datetime:
    if expires > now + ttl + FURTHEST:
        return now + ttl
    return max(expires, min(expires + away, now + ttl))


_PUT_OFF = Prepared(
    sa.update(tables.lease).where(_lease.trial_id == sa.bindparam("of_trial")).values(expires_at=sa.bindparam("until"))
)
