"""Claim: hand out queued trials under a lease, at most once each, replayable by the claim's key.

A claim takes trials of one search: the one with the highest priority, then the one with the fewest running trials. It
brings a worker up to its share of all that runs or could run (docs/adr/0012-a-share-counts-what-runs.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import sqlalchemy as sa

from caviar.states import AttemptOutcome, SearchState, TrialState
from caviar.wire.protocol import ClaimRequest
from service.storage import ledgers, searches, tables, workers
from service.storage.database import Transaction, insert_or_ignore
from service.storage.ledgers import Ledger
from service.storage.records import SearchRecord, TrialRecord
from service.storage.trials import record
from service.tokens import claim_key_hash, lease_token, token_hash

_search, _trial, _lease, _attempt = tables.search.c, tables.trial.c, tables.lease.c, tables.attempt.c
LOOK_AHEAD = 500
"""How many queued trials are looked at for those of one stack: a bound on the work of one claim."""


@dataclass(frozen=True)
class Grant:
    """A trial with the lease under which its worker may run it."""

    trial: TrialRecord
    search: SearchRecord
    token: str


def claim(
    tx: Transaction, request: ClaimRequest, *, search_id: int | None, ttl: timedelta, now: datetime
) -> list[Grant]:
    """Trials for this worker, none when there is nothing. The same claim key gives the same trials again."""
    key = claim_key_hash(request.claim_key)
    if not insert_or_ignore(tx, tables.claim, [{"key_hash": key, "worker": request.worker, "claimed_at": now}]):
        grants = _replay(tx, request.claim_key, ttl=ttl, now=now)
        workers.touch(tx, request, now=now)
        return grants
    candidates = _candidates(tx, request, search_id=search_id, now=now)
    books = ledgers.lock(tx, [search.id for search in candidates[:1]])
    # After the search's row, as in report and finish: the other way round two requests of one worker could deadlock.
    workers.touch(tx, request, now=now)
    live = workers.live_by_trainer(tx, since=workers.alive_since(now, ttl))
    held = workers.held(tx, request.worker, [search.id for search in candidates])
    most = min(request.capacity, max(share(candidates, live) - held, 1))
    grants = [grant for ledger in books.values() for grant in _take(tx, request, ledger, most=most, now=now)]
    if grants:
        _lease_out(tx, grants, request, ttl=ttl, now=now)
    else:
        tx.execute(sa.delete(tables.claim).where(tables.claim.c.key_hash == key))
    return grants


def share(candidates: Sequence[SearchRecord], live: dict[str, int]) -> int:
    """What each live worker would hold if all trials that run or could run were shared out evenly, rounded up."""
    at_once: dict[str, int] = {}
    for search in candidates:
        count = min(search.counts[TrialState.RUNNING] + search.counts[TrialState.QUEUED], search.parallel)
        at_once[search.trainer] = at_once.get(search.trainer, 0) + count
    return ceil(sum(count / max(live.get(trainer, 1), 1) for trainer, count in at_once.items()))


def has_work(tx: Transaction, request: ClaimRequest, *, search_id: int | None, now: datetime) -> bool:
    """Whether a claim is worth a writing transaction."""
    return bool(_candidates(tx, request, search_id=search_id, now=now))


def _candidates(tx: Transaction, request: ClaimRequest, *, search_id: int | None, now: datetime) -> list[SearchRecord]:
    """Searches from which this worker may have trials, the one whose turn it is first."""
    in_time = _search.deadline_at.is_(None) | (_search.deadline_at > now)
    is_ready = (_trial.search_id == _search.id) & tables.is_queued & (_trial.available_at <= now)
    statement = (
        sa.select(tables.search)
        .where(tables.is_active, _search.trainer.in_(request.trainers), in_time)
        .where(_search.queued > 0, _search.running < _search.parallel, sa.exists().where(is_ready))
        .order_by(_search.priority.desc(), _search.running, _search.id)
        .limit(100)
    )
    if search_id is not None:
        statement = statement.where(_search.id == search_id)
    return [searches.as_record(row) for row in tx.execute(statement)]


def _take(tx: Transaction, request: ClaimRequest, ledger: Ledger, *, most: int, now: datetime) -> list[Grant]:
    if ledger.state is not SearchState.ACTIVE:
        return []
    free = ledger.search.parallel - ledger.counts[TrialState.RUNNING]
    ids = _choose(tx, ledger.search.id, count=min(most, free), now=now)
    taken = tx.execute(
        sa.update(tables.trial)
        .where(_trial.id.in_(ids), _trial.state == TrialState.QUEUED)
        .values(state=TrialState.RUNNING, attempt=_trial.attempt + 1)
        .returning(*tables.trial.c)
    ).all()
    for _ in taken:
        ledger.move(TrialState.QUEUED, TrialState.RUNNING)
    if taken:
        ledgers.save(tx, ledger, now=now)
    trials = {row.id: record(row) for row in taken}
    return [
        Grant(trials[i], ledger.search, lease_token(request.claim_key, i, trials[i].attempt))
        for i in ids
        if i in trials
    ]


def _choose(tx: Transaction, search_id: int, *, count: int, now: datetime) -> list[int]:
    """Queued trials, the oldest round first and in it stack by stack; what was chosen is given stack by stack."""
    if count <= 0:
        return []
    statement = (
        sa.select(_trial.id, _trial.number, _trial.round, _trial.stack)
        .where(_trial.search_id == search_id, tables.is_queued, _trial.available_at <= now)
        .order_by(_trial.number)
        .limit(max(LOOK_AHEAD, count))
    )
    queued = _stack_by_stack(tx.execute(statement).all())
    chosen = sorted(queued, key=lambda row: row.round)[:count]
    return [row.id for row in _stack_by_stack(sorted(chosen, key=lambda row: row.number))]


def _stack_by_stack(rows: Sequence[Any]) -> list[Any]:
    """Rows in the order of their numbers, sorted by the first number of their stack."""
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.stack, row.number)
    return sorted(rows, key=lambda row: first[row.stack])


def _lease_out(
    tx: Transaction, grants: Sequence[Grant], request: ClaimRequest, *, ttl: timedelta, now: datetime
) -> None:
    leases = [
        {
            "trial_id": grant.trial.id,
            "attempt": grant.trial.attempt,
            "worker": request.worker,
            "granted_at": now,
            "beat_at": now,
            "expires_at": now + ttl,
        }
        for grant in grants
    ]
    attempts: list[dict[str, Any]] = [
        {
            "trial_id": grant.trial.id,
            "attempt": grant.trial.attempt,
            "worker": request.worker,
            "token_hash": token_hash(grant.token),
            "claim_key_hash": claim_key_hash(request.claim_key),
            "outcome": AttemptOutcome.RUNNING,
            "started_at": now,
        }
        for grant in grants
    ]
    tx.execute(sa.insert(tables.lease), leases)
    tx.execute(sa.insert(tables.attempt), attempts)


def _replay(tx: Transaction, claim_key: str, *, ttl: timedelta, now: datetime) -> list[Grant]:
    """The leases this key was given, as far as they still live."""
    is_mine = _attempt.claim_key_hash == claim_key_hash(claim_key)
    given = sa.select(_trial.search_id).join(tables.attempt, _attempt.trial_id == _trial.id).where(is_mine)
    books = ledgers.lock_owners(tx, given)
    statement = (
        sa.select(tables.trial)
        .join(tables.attempt, (_attempt.trial_id == _trial.id) & (_attempt.attempt == _trial.attempt))
        .join(tables.lease, (_lease.trial_id == _trial.id) & (_lease.attempt == _trial.attempt))
        .where(is_mine)
        .order_by(_trial.number)
    )
    trials = [record(row) for row in tx.execute(statement)]
    held = [trial.id for trial in trials]
    tx.execute(sa.update(tables.lease).where(_lease.trial_id.in_(held)).values(beat_at=now, expires_at=now + ttl))
    return [
        Grant(trial, books[trial.search_id].search, lease_token(claim_key, trial.id, trial.attempt)) for trial in trials
    ]
