"""The worker protocol's three verbs as transactions: change the store, commit, plan what is due, tell who waits."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from caviar.wire.protocol import ClaimRequest, Malformed, Result, TrialOutcome, TrialReport
from service.changes import QUEUE, ranking
from service.context import Service
from service.ids import as_key
from service.planning import advance
from service.storage import claims, idempotency, leases, ledgers, outcomes, reports, searches, trials, workers
from service.storage.claims import Grant

log = logging.getLogger("caviar.service")
CLAIM_TRIES = 3
KEEP = timedelta(days=1)
"""How long silent workers, used claim keys and idempotency keys are remembered."""


def introduce(service: Service, request: ClaimRequest, *, search_id: int | None) -> bool:
    """Make a worker known, so that the others leave it its share. Whether it is new and there is work already.

    Raises NotFound for a search that does not exist.
    """
    with service.database.read() as tx:
        if search_id is not None:
            searches.get(tx, search_id)
        if workers.is_known(tx, request.worker):
            return False
    with service.database.write() as tx:
        workers.touch(tx, request, now=service.now())
    return has_work(service, request, search_id=search_id)


def claim(service: Service, request: ClaimRequest, *, search_id: int | None) -> list[Grant]:
    """Raises NotFound for a search that does not exist."""
    for _ in range(CLAIM_TRIES):
        now = service.now()
        with service.database.write() as tx:
            if search_id is not None:
                searches.get(tx, search_id)
            grants = claims.claim(tx, request, search_id=search_id, ttl=service.lease_ttl, now=now)
        # None, though there is work: another worker emptied the search between our look and our lock.
        if grants or not has_work(service, request, search_id=search_id):
            break
    return grants


def has_work(service: Service, request: ClaimRequest, *, search_id: int | None) -> bool:
    with service.database.read() as tx:
        return claims.has_work(tx, request, search_id=search_id, now=service.now())


def report(service: Service, items: Sequence[TrialReport | Malformed]) -> list[Result]:
    now = service.now()
    with service.database.write() as tx:
        heard = reports.report(tx, items, ttl=service.lease_ttl, now=now)
    if heard.stopped:
        follow_up(service, heard.stopped, now=now)
    return heard.results


def finish(service: Service, items: Sequence[TrialOutcome | Malformed]) -> list[Result]:
    now = service.now()
    with service.database.write() as tx:
        results = outcomes.finish(tx, items, now=now)
        concerned = trials.searches_of(tx, [as_key(item.trial) for item in items])
    follow_up(service, concerned, now=now)
    return results


def follow_up(service: Service, search_ids: Sequence[int], *, now: datetime) -> None:
    """After trials of these searches ended or came back: create what is due and wake those who wait for it."""
    for search_id in search_ids:
        _plan(service, search_id, now=now)
    service.changes.announce(QUEUE, *(ranking(search_id) for search_id in search_ids))


def _plan(service: Service, search_id: int, *, now: datetime) -> bool:
    """Whether the search got new trials. What led here is committed, so a failure waits for the next turn."""
    try:
        return advance(service.database, search_id, now=now)
    except Exception:
        # The edge of a plan: one search that cannot be planned holds up neither the answer nor the other searches.
        log.exception("search %d could not be planned; the next turn tries again", search_id)
        return False


def sweep(service: Service) -> None:
    """The server's turn: end leases that ran out and searches whose time is over, and plan what nobody planned.

    A server that was killed between a commit and its follow-up is healed here.
    """
    now = service.now()
    with service.database.write() as tx:
        concerned = leases.expire(tx, now=now)
    # A transaction of its own, since each locks searches in the order of their ids.
    with service.database.write() as tx:
        concerned += ledgers.end_overdue(tx, now=now)
    with service.database.write() as tx:
        workers.forget(tx, before=now - KEEP)
        leases.forget_claims(tx, before=now - KEEP)
        idempotency.forget(tx, before=now - KEEP)
    with service.database.read() as tx:
        active = searches.open_ids(tx)
    planned = [search_id for search_id in active if _plan(service, search_id, now=now)]
    if concerned or planned:
        service.changes.announce(QUEUE, *(ranking(search_id) for search_id in {*concerned, *planned}))
