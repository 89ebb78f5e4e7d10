"""/v1/searches/{id}/charts/{chart}: a search as a picture. /v1/searches/{id}/sample: its trials for one of your own."""

import json
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Path, Query, Response

from caviar import __version__
from caviar.charts.zoom import MOST_PANELS
from caviar.errors import NotFound
from caviar.spelling import did_you_mean
from caviar.wire.charts import SampleAnswer
from service.api import figures, present
from service.api.figures import CHARTS, View
from service.api.parameters import SearchId, ServiceOf
from service.api.problems import documented
from service.api.tags import is_known
from service.context import Picture, Service
from service.storage import searches, views
from service.storage.records import SearchRecord

router = APIRouter(prefix="/v1/searches", tags=["charts"])
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match")]
Name = Annotated[str, Query(max_length=200)]
_NOT_CHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "nothing has changed since the ETag"}}
_EXAMPLE = {
    "data": [{"type": "scatter", "mode": "markers", "x": [0, 1], "y": [0.91, 0.94]}],
    "layout": {"xaxis": {"title": {"text": "trial"}}, "yaxis": {"title": {"text": "dev_accuracy"}}},
}
_FIGURE = {
    "application/json": {
        "schema": {
            "type": "object",
            "properties": {"data": {"type": "array", "items": {"type": "object"}}, "layout": {"type": "object"}},
            "required": ["data", "layout"],
        },
        "example": _EXAMPLE,
    }
}


@router.get(
    "/{search}/charts/{chart}",
    response_class=Response,
    responses={
        200: {"description": "a figure as Plotly draws it", "content": _FIGURE},
        **_NOT_CHANGED,
        **documented(404, 422),
    },
)
async def read_chart(
    service: ServiceOf,
    search: SearchId,
    chart: Annotated[str, Path(description="the chart's name", json_schema_extra={"enum": sorted(CHARTS)})],
    parameter: Annotated[
        list[Name], Query(max_length=MOST_PANELS, description="zoom: which to show; slice: which")
    ] = [],  # noqa: B006 - FastAPI copies it
    x: Annotated[Name | None, Query(description="contour: the parameter across")] = None,
    y: Annotated[Name | None, Query(description="contour: the parameter upwards")] = None,
    top: Annotated[int, Query(ge=1, le=50, description="curves: of how many leaders")] = 10,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A chart of the search as a Plotly figure: data and layout, without a theme. docs/charts.md shows each."""
    if chart not in CHARTS:
        raise NotFound(f"there is no chart {chart!r}; {did_you_mean(chart, CHARTS)}")
    query = figures.Query(parameters=tuple(parameter), x=x, y=y, top=top)
    if if_none_match is not None:
        etag = await run_sync(_version, service, search, chart, query)
        if is_known(if_none_match, etag):
            return Response(status_code=304, headers={"ETag": etag})

    async def draw() -> Picture:
        return await run_sync(_draw, service, search, chart, query, limiter=service.drawing)

    etag, body = await service.pictures.read((search, chart, query), draw)
    return Response(body, media_type="application/json", headers={"ETag": etag, "Cache-Control": "no-cache"})


def _version(service: Service, search: int, chart: str, query: figures.Query) -> str:
    with service.database.read() as tx:
        return _etag_of(View(tx, searches.get(tx, search), service.now(), query), chart)


def _draw(service: Service, search: int, chart: str, query: figures.Query) -> Picture:
    with service.database.read() as tx:
        view = View(tx, searches.get(tx, search), service.now(), query)
        etag, figure = _etag_of(view, chart), CHARTS[chart].draw(view)
    return etag, json.dumps(figure, allow_nan=False, separators=(",", ":"))


def _etag_of(view: View, chart: str) -> str:
    return _etag(view.search, CHARTS[chart].version(view))


@router.get("/{search}/sample", response_model=SampleAnswer, responses={**_NOT_CHANGED, **documented(404, 422)})
def read_sample(
    service: ServiceOf,
    search: SearchId,
    limit: Annotated[int, Query(ge=1, le=views.MOST_SAMPLED, description="so many from all over the search")] = 1000,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Trials from all over the search, by number, and besides them the best 100: all where there are few."""
    with service.database.read() as tx:
        record = searches.get(tx, search)
        etag = _etag(record, f"{record.changes}-{limit}")
        if is_known(if_none_match, etag):
            return Response(status_code=304, headers={"ETag": etag})
        found = views.sampled(tx, record, most=limit)
    answer = SampleAnswer(items=present.sample(found, record.definition.parsed), of=record.next_number)
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    return Response(answer.model_dump_json(), media_type="application/json", headers=headers)


def _etag(record: SearchRecord, version: str) -> str:
    """Counters alone would repeat themselves in another database, and another release may draw otherwise."""
    return f'"{record.id}-{record.created_at.timestamp():.6f}-{record.budget}-{version}-{__version__}"'
