"""The worker protocol: claim, report, finish."""

import asyncio

from fastapi import APIRouter, Request

from caviar.wire.protocol import ClaimAnswer, ClaimRequest, FinishRequest, ReportRequest, Results
from service import queue
from service.api import present
from service.api.direct import DirectRoute
from service.api.parameters import ServiceOf, Wait, search_key
from service.api.problems import documented
from service.changes import QUEUE
from service.storage.claims import Grant

router = APIRouter(prefix="/v1", tags=["workers"], route_class=DirectRoute)
NEWCOMER_SECONDS = 0.25
"""A new worker that may wait does so first: workers are started together, and the first is not to take all there is."""


@router.post("/trials:claim", responses=documented(404, 422))
async def claim(request: Request, service: ServiceOf, said: ClaimRequest, wait: Wait = 0.0) -> ClaimAnswer:
    """Take trials. With `Prefer: wait=20` the answer comes as soon as there are some."""
    search = None if said.search is None else search_key(said.search)
    is_introduced = False

    async def attempt() -> list[Grant] | None:
        nonlocal is_introduced
        # The first look says that the worker is there. Later ones only read while there is nothing to take.
        if is_introduced and not await queue.has_work(service, said, search_id=search):
            return None
        is_introduced = True
        return await queue.claim(service, said, search_id=search)

    with service.changes.asking(said.claim_key) as is_repeated:

        async def is_gone() -> bool:
            return is_repeated() or await request.is_disconnected()

        if wait and await queue.introduce(service, said, search_id=search):
            pause = min(NEWCOMER_SECONDS, wait)
            await asyncio.sleep(pause)
            wait -= pause
            if await is_gone():
                return ClaimAnswer(trials=[], drain=False)
        # Where one worker finds nothing, another with the same trainers finds nothing.
        wish = (frozenset(said.trainers), search)
        grants = await service.changes.until(QUEUE, attempt, seconds=wait, is_gone=is_gone, wish=wish)
    ttl_seconds = service.lease_ttl.total_seconds()
    return ClaimAnswer(trials=[present.claimed(grant, ttl_seconds=ttl_seconds) for grant in grants or ()], drain=False)


@router.post("/trials:report", response_model_exclude_none=True, responses=documented(422))
async def report(service: ServiceOf, said: ReportRequest) -> Results:
    """Metrics of steps; an item without metrics is a heartbeat. Either renews the lease."""
    return Results(results=await queue.report(service, said.reports))


@router.post("/trials:finish", response_model_exclude_none=True, responses=documented(422))
async def finish(service: ServiceOf, said: FinishRequest) -> Results:
    """End attempts. The same finish twice is ok twice."""
    return Results(results=await queue.finish(service, said.outcomes))
