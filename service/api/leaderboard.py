"""/v1/searches/{id}/leaderboard: paged, cached by ETag, held open until it changes, exported as CSV."""

import re
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from caviar.wire.trials import LeaderboardPage
from service.api import present
from service.api.csv_export import header, line
from service.api.parameters import After, Limit, SearchId, ServiceOf, Wait, cursor, position
from service.api.problems import documented
from service.api.tags import is_known
from service.changes import ranking
from service.context import Service
from service.storage import searches, trials
from service.storage.records import SearchRecord, TrialRecord

router = APIRouter(prefix="/v1/searches", tags=["searches"])
EXPORT_PAGE = 1000
_WEIGHT = re.compile(r"\bq=(\d(?:\.\d{0,3})?)")


@router.get(
    "/{search}/leaderboard",
    response_model=LeaderboardPage,
    responses={
        200: {"content": {"text/csv": {"example": "rank,number,id,state,value\r\n1,30,31,completed,0.9833\r\n"}}},
        304: {"description": "nothing has changed since the ETag in If-None-Match"},
        **documented(404, 422),
    },
)
async def leaderboard(
    request: Request,
    service: ServiceOf,
    search: SearchId,
    limit: Limit = 50,
    after: After = None,
    wait: Wait = 0.0,
    if_none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
    accept: Annotated[str, Header(alias="Accept")] = "application/json",
) -> Response:
    """Completed and stopped trials, the best first, diverged ones last, ties by number.

    With If-None-Match and `Prefer: wait=20` the answer comes when the leaderboard changes, or is 304.
    """
    is_csv = _prefers_csv(accept)
    last = position(after, bool, float, int, int)

    etag = ""

    async def changed() -> SearchRecord | None:
        nonlocal etag
        record = await run_in_threadpool(_read, service, search)
        etag = _etag(record, is_csv)
        return None if is_known(if_none_match, etag) else record

    record = await service.changes.until(ranking(search), changed, seconds=wait, is_gone=request.is_disconnected)
    headers = {"ETag": etag, "Vary": "Accept"}
    if record is None:
        return Response(status_code=304, headers=headers)
    if is_csv:
        return StreamingResponse(export(service, record), media_type="text/csv; charset=utf-8", headers=headers)
    page = await run_in_threadpool(page_of, service, record, limit, last)
    return Response(page.model_dump_json(), media_type="application/json", headers=headers)


def _read(service: Service, search: int) -> SearchRecord:
    with service.database.read() as tx:
        return searches.get(tx, search)


def _prefers_csv(accept: str) -> bool:
    """Whether text/csv is named with at least the weight of JSON (RFC 9110, 12.5.1)."""
    weights = {
        kind.strip(): _WEIGHT.search(rest) for kind, _, rest in (part.partition(";") for part in accept.split(","))
    }
    q = {kind: float(found[1]) if found else 1.0 for kind, found in weights.items()}
    return q.get("text/csv", 0.0) > 0 and q.get("text/csv", 0.0) >= q.get("application/json", 0.0)


def _etag(record: SearchRecord, is_csv: bool) -> str:
    """`ranking` alone would repeat itself in another database."""
    form = "csv" if is_csv else "json"
    return f'"{record.id}-{record.created_at.timestamp():.6f}-{record.ranking}-{form}"'


def page_of(
    service: Service, record: SearchRecord, limit: int, last: tuple[bool, float, int, int] | None
) -> LeaderboardPage:
    """`last`: the place and the rank of the last row of the page before."""
    with service.database.read() as tx:
        found = trials.ranked(tx, record.id, limit=limit + 1, after=last[:3] if last else None)
    rank = last[3] if last else 0
    rows = [
        present.leaderboard_row(trial, rank=rank + i, metric=record.metric)
        for i, trial in enumerate(found[:limit], start=1)
    ]
    more = cursor(*_position(found[limit - 1]), rank + limit) if len(found) > limit else None
    return LeaderboardPage(items=rows, next=more)


def _position(trial: TrialRecord) -> tuple[bool, float, int]:
    assert trial.score is not None
    return trial.diverged, float(trial.score), trial.number


def export(service: Service, record: SearchRecord) -> Iterator[str]:
    """All of it, read page by page. The columns are known only after all rows were seen, so they are seen twice."""
    metrics = sorted({name for trial in _all(service, record) for name in trial.metrics})
    names = list(record.spec["space"])
    yield header(names, metrics)
    for rank, trial in enumerate(_all(service, record), start=1):
        yield line(present.leaderboard_row(trial, rank=rank, metric=record.metric), names, metrics)


def _all(service: Service, record: SearchRecord) -> Iterator[TrialRecord]:
    last = None
    while True:
        with service.database.read() as tx:
            found = trials.ranked(tx, record.id, limit=EXPORT_PAGE, after=last)
        yield from found
        if len(found) < EXPORT_PAGE:
            return
        last = _position(found[-1])
