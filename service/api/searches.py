"""/v1/searches: submit, look at, change and delete searches; their zoom."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from caviar.spec import SearchSpec
from caviar.wire.searches import DryRun, Repeat, RoundPage, SearchAnswer, SearchChange, SearchPage
from service import searches
from service.api import present
from service.api.parameters import After, IdempotencyKey, Limit, Long, SearchId, ServiceOf, cursor, position
from service.api.problems import documented
from service.context import Service
from service.storage import rounds, trials, workers
from service.storage import searches as stored
from service.storage.database import Transaction
from service.storage.records import SearchRecord

router = APIRouter(prefix="/v1/searches", tags=["searches"])


@router.post(
    "",
    status_code=201,
    response_model=None,
    responses={
        201: {"model": SearchAnswer, "headers": {"Location": {"schema": {"type": "string"}}}},
        200: {"model": DryRun, "description": "with dry_run: the spec is valid; nothing was kept"},
        **documented(422),
    },
)
def submit(
    spec: SearchSpec,
    service: ServiceOf,
    response: Response,
    dry_run: Annotated[bool, Query(description="validate and draw samples, keep nothing")] = False,
    idempotency_key: IdempotencyKey = None,
) -> SearchAnswer | DryRun:
    """Create a search from a spec."""
    if dry_run:
        response.status_code = 200
        return DryRun(spec=spec.document(), draws=searches.dry_run(service, spec))
    answer = _answer(service, searches.create(service, spec, idempotency_key=idempotency_key))
    response.headers["Location"] = f"/v1/searches/{answer.id}"
    return answer


@router.get("", responses=documented(422))
def list_searches(service: ServiceOf, limit: Limit = 50, after: After = None) -> SearchPage:
    """All searches, the newest first."""
    before = position(after, Long)
    with service.database.read() as tx:
        records = stored.page(tx, limit=limit + 1, before=before[0] if before else None)
        items = _answers(tx, service, records[:limit])
    return SearchPage(items=items, next=cursor(records[limit - 1].id) if len(records) > limit else None)


@router.get("/{search}", responses=documented(404))
def read_search(service: ServiceOf, search: SearchId) -> SearchAnswer:
    """One search: counts by state, best so far, progress, what it waits for, its spec."""
    return _answer(service, searches.read(service, search))


@router.patch("/{search}", responses=documented(404, 409, 422))
def change_search(service: ServiceOf, search: SearchId, change: SearchChange) -> SearchAnswer:
    """Rename, annotate, pause, resume, cancel, extend the budget, set the priority."""
    return _answer(service, searches.change(service, search, change))


@router.delete("/{search}", status_code=204, responses=documented(404))
def delete_search(service: ServiceOf, search: SearchId) -> None:
    """Remove a search with its trials."""
    searches.delete(service, search)


@router.post(
    "/{search}/repeat",
    status_code=201,
    responses={201: {"headers": {"Location": {"schema": {"type": "string"}}}}, **documented(404, 422)},
)
def repeat_search(
    service: ServiceOf, search: SearchId, wanted: Repeat, response: Response, idempotency_key: IdempotencyKey = None
) -> SearchAnswer:
    """Create a search with the same spec and another seed."""
    made = searches.repeat(service, search, seed=wanted.seed, idempotency_key=idempotency_key)
    response.headers["Location"] = f"/v1/searches/{made.id}"
    return _answer(service, made)


@router.get("/{search}/rounds", responses=documented(404, 422))
def list_rounds(service: ServiceOf, search: SearchId, limit: Limit = 100, after: After = None) -> RoundPage:
    """The history of the zoom: each round's box, and why it is as it is."""
    last = position(after, int)
    with service.database.read() as tx:
        goal = stored.get(tx, search).goal
        found = rounds.page(tx, search, limit=limit + 1, after=last[0] if last else None)
    items = [present.round_(record, goal=goal) for record in found[:limit]]
    return RoundPage(items=items, next=cursor(items[-1].round) if len(found) > limit else None)


def _answer(service: Service, record: SearchRecord) -> SearchAnswer:
    with service.database.read() as tx:
        return _answers(tx, service, [record])[0]


def _answers(tx: Transaction, service: Service, records: list[SearchRecord]) -> list[SearchAnswer]:
    now = service.now()
    live = workers.live_by_trainer(tx, since=workers.alive_since(now, service.lease_ttl))
    best = {trial.id: trial for trial in trials.among(tx, [record.best_trial for record in records])}
    hints = rounds.hints(tx, records)
    return [
        present.search(record, best=best.get(record.best_trial or 0), hints=hints[record.id], live=live, now=now)
        for record in records
    ]
