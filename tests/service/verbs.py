"""The worker protocol's verbs for tests that have no event loop."""

import asyncio
from collections.abc import Sequence

from caviar.wire.protocol import ClaimRequest, Malformed, Result, TrialOutcome, TrialReport
from service import queue
from service.context import Service
from service.storage.claims import Grant


def claim(service: Service, request: ClaimRequest, *, search_id: int | None = None) -> list[Grant]:
    return asyncio.run(queue.claim(service, request, search_id=search_id)) or []


def has_work(service: Service, request: ClaimRequest, *, search_id: int | None = None) -> bool:
    return asyncio.run(queue.has_work(service, request, search_id=search_id))


def report(service: Service, items: Sequence[TrialReport | Malformed]) -> list[Result]:
    return asyncio.run(queue.report(service, items))


def finish(service: Service, items: Sequence[TrialOutcome | Malformed]) -> list[Result]:
    return asyncio.run(queue.finish(service, items))
