"""Claim: hand out queued trials under a lease, at most once each, replayable by the claim's key.

A claim takes trials of one search: the one with the highest priority, then the one with the fewest running trials. It
brings a worker up to its share of all that runs or could run (docs/adr/0012-a-share-counts-what-runs.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import sqlalchemy as sa

from caviar.states import AttemptOutcome, SearchState, TrialState
from caviar.wire.protocol import ClaimRequest
from service.storage import leases, ledgers, searches, tables, trials, workers
from service.storage.attempts import GRANT
from service.storage.database import Transaction, alone_with
from service.storage.ledgers import Ledger
from service.storage.pending import later
from service.storage.prepared import Among, Prepared
from service.storage.records import SearchRecord, TrialRecord
from service.tokens import claim_key_hash, lease_token, token_hash

_search, _trial, _lease, _attempt = tables.search.c, tables.trial.c, tables.lease.c, tables.attempt.c
LOOK_AHEAD = 64
"""At least so many queued trials are looked at for those of one stack, and twice as many as are wanted."""
MOST_SEARCHES = 100


@dataclass(frozen=True)
class Candidate:
    """A search that has work. `at_once`: how many of its trials run or could run now."""

    search_id: int
    trainer: str
    at_once: int
    priority: int


@dataclass(frozen=True)
class Queued:
    id: int
    number: int
    round: int
    stack: str


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
    alone_with(tx, key)
    given = _GIVEN.ask(tx, of_key=key)
    ledger, candidates = _lock_turn(tx, request, search_id=search_id, now=now)
    if given.first() is not None:
        grants = _replay(tx, request.claim_key, ttl=ttl, now=now)
        workers.touch(tx, request, now=now)
        return grants
    # After the search's row, as in report and finish: the other way round two requests of one worker could deadlock.
    workers.touch(tx, request, now=now)
    if ledger is None:
        return []
    most = min(request.capacity, _most(tx, request, candidates, ttl=ttl, now=now))
    grants = _take(tx, request, ledger, most=most, now=now)
    if grants:
        _lease_out(tx, grants, request, ttl=ttl, now=now)
    return grants


def is_used(tx: Transaction, request: ClaimRequest) -> bool:
    """Whether the claim's key was given trials before: it will never be given others."""
    return _GIVEN.first(tx, of_key=claim_key_hash(request.claim_key)) is not None


def _most(
    tx: Transaction, request: ClaimRequest, candidates: Sequence[Candidate], *, ttl: timedelta, now: datetime
) -> int:
    """What this worker lacks to its share, at least one trial."""
    if request.capacity == 1:
        return 1
    live = workers.live_by_trainer(tx, since=workers.alive_since(now, ttl))
    held = workers.held(tx, request.worker, [candidate.search_id for candidate in candidates])
    return max(share(candidates, live) - held, 1)


def share(candidates: Sequence[Candidate], live: dict[str, int]) -> int:
    """What each live worker would hold if all trials that run or could run were shared out evenly, rounded up."""
    at_once: dict[str, int] = {}
    for candidate in candidates:
        at_once[candidate.trainer] = at_once.get(candidate.trainer, 0) + candidate.at_once
    return ceil(sum(count / max(live.get(trainer, 1), 1) for trainer, count in at_once.items()))


def has_work(tx: Transaction, request: ClaimRequest, *, search_id: int | None, now: datetime) -> bool:
    """Whether a claim is worth a writing transaction."""
    return bool(_candidates(tx, request, search_id=search_id, now=now))


def _has_work(of: Any) -> sa.ColumnElement[bool]:
    """By the columns of the search's table, or of another look at it."""
    is_ready = (_trial.search_id == of.id) & tables.is_queued & (_trial.available_at <= sa.bindparam("now"))
    return sa.and_(
        of.state == tables.ACTIVE,
        Among(of.trainer, "trainers"),
        of.deadline_at.is_(None) | (of.deadline_at > sa.bindparam("now")),
        of.queued > 0,
        of.running < of.parallel,
        sa.exists().where(is_ready),
    )


_TURN = (_search.priority.desc(), _search.running, _search.id)
_HAS_WORK = _has_work(_search)
_IS_IT = _search.id == sa.bindparam("of_search")
_AT_ONCE = (_search.queued + _search.running).label("at_once")
_WITH_WORK = sa.select(_search.id, _search.trainer, _AT_ONCE, _search.parallel, _search.priority).where(_HAS_WORK)
_ALL = Prepared(_WITH_WORK.order_by(*_TURN).limit(MOST_SEARCHES))
_ONE = Prepared(_WITH_WORK.where(_IS_IT))


def _candidates(tx: Transaction, request: ClaimRequest, *, search_id: int | None, now: datetime) -> list[Candidate]:
    """Searches from which this worker may have trials, the one whose turn it is first."""
    if search_id is None:
        rows = _ALL.all(tx, trainers=request.trainers, now=now)
    else:
        rows = _ONE.all(tx, trainers=request.trainers, now=now, of_search=search_id)
    return [
        Candidate(found, trainer, min(at_once, parallel), priority)
        for found, trainer, at_once, parallel, priority in rows
    ]


# Of several searches of the same priority one that nobody is changing at this moment, so that claims do not stand in
# line (Postgres).
_FREE = sa.select(*searches.COLUMNS).order_by(*_TURN).limit(1).with_for_update(skip_locked=True)
_LOCK_FREE = Prepared(_FREE.where(Among(_search.id)))
_other = tables.search.alias("other")
_HIGHEST = sa.select(sa.func.max(_other.c.priority)).where(_has_work(_other.c)).scalar_subquery()
_LOCK_ANY = Prepared(_FREE.where(_HAS_WORK, _search.priority == _HIGHEST))
_LOCK_IT = Prepared(_FREE.where(_HAS_WORK, _IS_IT))


def _lock_turn(
    tx: Transaction, request: ClaimRequest, *, search_id: int | None, now: datetime
) -> tuple[Ledger | None, list[Candidate]]:
    """Lock the search whose turn it is, or the next one that is not locked already; and all that have work.

    A worker that takes one trial has no need of them.
    """
    if request.capacity == 1:
        asked = {"trainers": request.trainers, "now": now}
        rows = _LOCK_ANY.all(tx, **asked) if search_id is None else _LOCK_IT.all(tx, **asked, of_search=search_id)
        if rows or tx.dialect.name == "sqlite":
            free = searches.records(tx, rows)
            return (Ledger(free[0]) if free else None), []
    candidates = _candidates(tx, request, search_id=search_id, now=now)
    if not candidates:
        return None, []
    ids = [candidate.search_id for candidate in candidates if candidate.priority == candidates[0].priority]
    if found := searches.records(tx, _LOCK_FREE.all(tx, ids=ids)):
        return Ledger(found[0]), candidates
    return ledgers.lock(tx, ids[:1]).get(ids[0]), candidates


_TAKE = Prepared(
    sa.update(tables.trial)
    .where(_trial.id == sa.bindparam("of_trial"), _trial.state == TrialState.QUEUED)
    .values(state=TrialState.RUNNING, attempt=_trial.attempt + 1)
)


def _take(tx: Transaction, request: ClaimRequest, ledger: Ledger, *, most: int, now: datetime) -> list[Grant]:
    if ledger.state is not SearchState.ACTIVE:
        return []
    free = ledger.search.parallel - ledger.counts[TrialState.RUNNING]
    chosen = _choose(tx, ledger.search.id, count=min(most, free), now=now)
    if not chosen:
        return []
    later(tx, _TAKE, [{"of_trial": trial.id} for trial in chosen], expected=len(chosen))
    for _ in chosen:
        ledger.move(TrialState.QUEUED, TrialState.RUNNING)
    ledgers.save(tx, ledger, now=now)
    taken = [_taken(trial) for trial in chosen]
    return [Grant(trial, ledger.search, lease_token(request.claim_key, trial.id, trial.attempt)) for trial in taken]


def _taken(trial: TrialRecord) -> TrialRecord:
    """As _TAKE has left it."""
    return replace(trial, state=TrialState.RUNNING, attempt=trial.attempt + 1)


_NEXT = (
    sa.select(_trial.id, _trial.number, _trial.round, _trial.stack)
    .where(_trial.search_id == sa.bindparam("of_search"), tables.is_queued)
    .where(_trial.available_at <= sa.bindparam("now"))
    .order_by(_trial.number)
    .limit(sa.bindparam("most"))
)
_QUEUED = Prepared(_NEXT)
_ahead = _NEXT.subquery()
_FIRST = sa.select(_ahead.c.id).order_by(_ahead.c.round, _ahead.c.number).limit(1).scalar_subquery()
_OLDEST = Prepared(sa.select(*trials.COLUMNS).where(_trial.id == _FIRST))


def _choose(tx: Transaction, search_id: int, *, count: int, now: datetime) -> list[TrialRecord]:
    """Queued trials, the oldest round first and in it stack by stack; what was chosen is given stack by stack."""
    if count <= 0:
        return []
    look = {"of_search": search_id, "now": now, "most": max(LOOK_AHEAD, 2 * count)}
    if count == 1:
        return [trials.record(row) for row in _OLDEST.all(tx, **look)]
    rows = [Queued(*row) for row in _QUEUED.all(tx, **look)]
    chosen = sorted(_stack_by_stack(rows), key=lambda row: row.round)[:count]
    found = {trial.id: trial for trial in trials.among(tx, [row.id for row in chosen])}
    return [found[row.id] for row in _stack_by_stack(sorted(chosen, key=lambda row: row.number))]


def _stack_by_stack(rows: Sequence[Queued]) -> list[Queued]:
    """Rows in the order of their numbers, sorted by the first number of their stack."""
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.stack, row.number)
    return sorted(rows, key=lambda row: first[row.stack])


_KEEP = Prepared(
    sa.insert(tables.attempt),
    columns=["trial_id", "attempt", "worker", "token_hash", "claim_key_hash", "outcome", "started_at"],
)


def _lease_out(
    tx: Transaction, grants: Sequence[Grant], request: ClaimRequest, *, ttl: timedelta, now: datetime
) -> None:
    keys = [{"trial_id": g.trial.id, "attempt": g.trial.attempt, "worker": request.worker} for g in grants]
    begun = {
        "claim_key_hash": claim_key_hash(request.claim_key),
        "outcome": AttemptOutcome.RUNNING,
        "started_at": now,
    }
    tokens = [{"token_hash": token_hash(grant.token)} for grant in grants]
    later(tx, _KEEP, [row | begun | token for row, token in zip(keys, tokens, strict=True)])
    later(tx, GRANT, [row | {"granted_at": now, "beat_at": now, "expires_at": now + ttl} for row in keys])


_GIVEN = Prepared(sa.select(_attempt.trial_id).where(_attempt.claim_key_hash == sa.bindparam("of_key")).limit(1))


def _replay(tx: Transaction, claim_key: str, *, ttl: timedelta, now: datetime) -> list[Grant]:
    """The leases this key was given, as far as they still live."""
    is_mine = _attempt.claim_key_hash == claim_key_hash(claim_key)
    books = ledgers.lock_owners(tx, list(tx.execute(sa.select(_attempt.trial_id).where(is_mine)).scalars()))
    statement = (
        sa.select(_trial.id)
        .join(tables.attempt, (_attempt.trial_id == _trial.id) & (_attempt.attempt == _trial.attempt))
        .join(tables.lease, (_lease.trial_id == _trial.id) & (_lease.attempt == _trial.attempt))
        .where(is_mine)
        .order_by(_trial.number)
    )
    held = list(tx.execute(statement).scalars())
    leases.renew(tx, held, until=now + ttl, now=now)
    found = {trial.id: trial for trial in trials.among(tx, held)}
    return [
        Grant(found[i], books[found[i].search_id].search, lease_token(claim_key, i, found[i].attempt)) for i in held
    ]
