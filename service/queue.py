"""The worker protocol's three verbs as transactions: change the store, commit, plan what is due, tell who waits."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from anyio.to_thread import run_sync

from caviar.wire.protocol import ClaimRequest, Malformed, Result, TrialOutcome, TrialReport
from service.changes import QUEUE, events, ranking
from service.context import Service
from service.planning import advance, depends_on_results, refill
from service.storage import claims, idempotency, leases, ledgers, outcomes, reports, searches, workers
from service.storage.claims import Grant
from service.storage.database import Transaction
from service.storage.outcomes import Finished

log = logging.getLogger("caviar.service")
CLAIM_TRIES = 3
KEEP = timedelta(days=1)
"""How long silent workers and idempotency keys are remembered."""


async def introduce(service: Service, request: ClaimRequest, *, search_id: int | None) -> bool:
    """Make a worker known, so that the others leave it its share. Whether it is new and there is work already.

    Raises NotFound for a search that does not exist.
    """

    def is_known() -> bool:
        with service.database.read() as tx:
            if search_id is not None:
                searches.get(tx, search_id)
            return workers.is_known(tx, request.worker)

    if await run_sync(is_known):
        return False
    await service.database.written(partial(workers.touch, request=request, now=service.now()))
    return await has_work(service, request, search_id=search_id)


async def claim(service: Service, request: ClaimRequest, *, search_id: int | None) -> list[Grant] | None:
    """None where there is nothing yet; an empty list where there never will be, since the key's leases are gone.

    Raises NotFound for a search that does not exist.
    """

    def work(tx: Transaction) -> list[Grant] | None:
        grants = claims.claim(tx, request, search_id=search_id, ttl=service.lease_ttl, now=service.now())
        if grants:
            return grants
        if search_id is not None:
            searches.get(tx, search_id)
        return grants if claims.is_used(tx, request) else None

    for _ in range(CLAIM_TRIES):
        grants = await service.database.written(work)
        # None, though there is work: another worker emptied the search between our look and our lock.
        if grants is not None or not await has_work(service, request, search_id=search_id):
            break
    if grants is None:
        return None
    service.metrics.claimed(len(grants))
    service.changes.announce(*{events(grant.search.id) for grant in grants})
    return grants


async def has_work(service: Service, request: ClaimRequest, *, search_id: int | None) -> bool:
    def look() -> bool:
        with service.database.read() as tx:
            return claims.has_work(tx, request, search_id=search_id, now=service.now())

    return await run_sync(look)


async def report(service: Service, items: Sequence[TrialReport | Malformed]) -> list[Result]:
    heard = await service.database.written(
        lambda tx: reports.report(tx, items, ttl=service.lease_ttl, now=service.now())
    )
    service.metrics.reported(heard.results)
    service.changes.announce(*map(events, heard.changed))
    if heard.stopped:
        await run_sync(partial(follow_up, service, heard.stopped, now=service.now()))
    return heard.results


async def finish(service: Service, items: Sequence[TrialOutcome | Malformed]) -> list[Result]:
    def work(tx: Transaction) -> Finished:
        now = service.now()
        return outcomes.finish(tx, items, ttl=service.lease_ttl, now=now, refill=partial(refill, tx, now=now))

    finished = await service.database.written(work)
    service.metrics.finished(finished.results)
    service.metrics.planned(rounds=finished.new_rounds, trials=finished.new_trials)
    if due := [search.id for search in finished.searches if depends_on_results(search)]:
        await run_sync(partial(follow_up, service, due, now=service.now()))
    _announce(service, [search.id for search in finished.searches])
    return finished.results


def follow_up(service: Service, search_ids: Sequence[int], *, now: datetime) -> None:
    """After trials of these searches ended or came back: create what is due and wake those who wait for it."""
    for search_id in search_ids:
        _plan(service, search_id, now=now)
    _announce(service, search_ids)


def _announce(service: Service, search_ids: Iterable[int]) -> None:
    """Trials of these searches ended, came back or were created."""
    topics = [topic for search_id in search_ids for topic in (ranking(search_id), events(search_id))]
    service.changes.announce(QUEUE, *topics)


def _plan(service: Service, search_id: int, *, now: datetime) -> bool:
    """Whether the search got new trials. What led here is committed, so a failure waits for the next turn."""
    try:
        made = advance(service.database, search_id, now=now)
    except Exception:
        # The edge of a plan: one search that cannot be planned holds up neither the answer nor the other searches.
        service.metrics.plan_failed()
        about = {"search": str(search_id)}
        log.exception("search %d could not be planned; the next turn tries again", search_id, extra=about)
        return False
    service.metrics.planned(rounds=made.rounds, trials=made.trials)
    return bool(made)


def sweep(service: Service) -> None:
    """The server's turn: end leases that ran out and searches whose time is over, and plan what nobody planned.

    A server that was killed between a commit and its follow-up is healed here.
    """
    now = service.now()
    lost = service.database.run(partial(leases.expire, now=now))
    service.metrics.lost(sum(lost.values()))
    # A transaction of its own, since each locks searches in the order of their ids.
    concerned = [*lost, *service.database.run(partial(ledgers.end_overdue, now=now))]
    service.database.run(partial(workers.forget, before=now - KEEP))
    service.database.run(partial(idempotency.forget, before=now - KEEP))
    with service.database.read() as tx:
        active = searches.open_ids(tx)
    planned = [search_id for search_id in active if _plan(service, search_id, now=now)]
    if concerned or planned:
        _announce(service, {*concerned, *planned})
