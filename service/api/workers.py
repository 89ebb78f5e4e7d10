"""/v1/workers: who is alive and what each runs."""

from fastapi import APIRouter

from caviar.wire.workers import WorkerPage
from service.api import present
from service.api.parameters import After, Limit, ServiceOf, cursor, position
from service.api.problems import documented
from service.storage import workers

router = APIRouter(prefix="/v1", tags=["workers"])


@router.get("/workers", responses=documented(422))
def list_workers(service: ServiceOf, limit: Limit = 50, after: After = None) -> WorkerPage:
    """All workers heard of within the last day, by name."""
    last = position(after, str)
    since = workers.alive_since(service.now(), service.lease_ttl)
    with service.database.read() as tx:
        found = workers.page(tx, limit=limit + 1, after=last[0] if last else None)
    items = [present.worker(record, alive_since=since) for record in found[:limit]]
    return WorkerPage(items=items, next=cursor(items[-1].name) if len(found) > limit else None)
