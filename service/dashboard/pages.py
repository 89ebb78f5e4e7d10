"""The routes of the pages. Each is one view and one template; what goes wrong is a page too."""

import gzip
import json
import shlex
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

import yaml
from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from caviar.errors import CaviarError, InvalidRequest
from caviar.spec import EXAMPLE
from caviar.states import TrialState
from service import searches as use
from service.api.parameters import After, SearchId, ServiceOf, TrialId, search_key
from service.api.problems import STATUS
from service.dashboard import drafting, exports, views
from service.dashboard.assets import accepts_gzip
from service.dashboard.board import Wanted
from service.dashboard.headers import SECURITY
from service.dashboard.rendering import render

SMALLEST_COMPRESSED = 1000
"""Bytes: below that, compressing saves no packet."""


class PageRoute(APIRoute):
    """Refusals of pages are for people, where those of /v1 are for programs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answer_or_explain(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestValidationError:
                return _refusal(request, InvalidRequest("the address of this page is not understood"))
            except CaviarError as error:
                return _refusal(request, error)

        return answer_or_explain


router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/")
def searches_page(request: Request, service: ServiceOf, after: After = None) -> Response:
    view = views.all_searches(service, after=after)
    return _page(request, "searches.html", **view, now=service.now())


@router.get("/new")
def new_page(request: Request, service: ServiceOf, like: Annotated[str | None, Query()] = None) -> Response:
    spec = EXAMPLE if like is None else views.spec_of(service, search_key(like))
    text = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
    return _page(request, "new.html", text=text, like=like)


@router.post("/new/check")
async def check_draft(request: Request, service: ServiceOf) -> Response:
    """YAML in, JSON out. Its media type is one that no form of another site can send."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/yaml":
        raise InvalidRequest("send the spec with Content-Type: application/yaml")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > drafting.LARGEST * 4:
            raise InvalidRequest("the spec is too long")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest("the spec is not UTF-8 text") from error
    return JSONResponse(await run_in_threadpool(drafting.check, service, text), headers=SECURITY)


@router.get("/docs")
def docs_page(request: Request) -> Response:
    """Swagger's page of the HTTP interface, from files that come with FastAPI-Offline."""
    return _page(request, "docs.html")


@router.get("/compare")
def compare_page(request: Request, service: ServiceOf, a: str, b: str) -> Response:
    view = views.comparison(service, search_key(a), search_key(b))
    return _page(request, "compare.html", **view, now=service.now())


@router.get("/searches/{search}")
def search_page(
    request: Request,
    service: ServiceOf,
    search: SearchId,
    where: str = "",
    sort: str = "",
    column: Annotated[list[str] | None, Query()] = None,
    after: After = None,
) -> Response:
    wanted = Wanted(where=where[:1000], sort=sort[:100], columns=tuple(column or ()), after=after)
    view = views.one_search(service, search, wanted)
    return _page(request, "search.html", **view, now=service.now())


@router.get("/searches/{search}/trials")
def trials_page(
    request: Request, service: ServiceOf, search: SearchId, state: TrialState | None = None, after: After = None
) -> Response:
    view = views.some_trials(service, search, state=state, after=after)
    return _page(request, "trials.html", **view, now=service.now())


@router.get("/searches/{search}/leaderboard.{kind}")
def leaderboard_file(
    service: ServiceOf, search: SearchId, kind: Literal["csv", "json"], where: str = "", sort: str = ""
) -> Response:
    """What the page shows, to be saved: a link cannot say what it accepts."""
    record, wanted = use.read(service, search), Wanted(where=where[:1000], sort=sort[:100])
    headers = {**SECURITY, "Content-Disposition": f'attachment; filename="search-{record.id}.{kind}"'}
    if kind == "json":
        return Response(exports.json(service, record, wanted), media_type="application/json", headers=headers)
    return StreamingResponse(
        exports.csv(service, record, wanted), media_type="text/csv; charset=utf-8", headers=headers
    )


@router.get("/trials/{trial}")
def trial_page(request: Request, service: ServiceOf, trial: TrialId) -> Response:
    view = views.one_trial(service, trial)
    body = json.dumps({"hyperparameters": view["trial"].hyperparameters})
    call = f"{_base(request)}/v1/searches/{view['trial'].search}/trials"
    curl = shlex.join(["curl", "-H", "Content-Type: application/json", "-d", body, call])
    spec = yaml.safe_dump(view["spec"], sort_keys=False, allow_unicode=True)
    return _page(request, "trial.html", **view, body=body, curl=curl, spec_text=spec, now=service.now())


@router.get("/workers")
def workers_page(request: Request, service: ServiceOf) -> Response:
    return _page(request, "workers.html", **views.all_workers(service), now=service.now())


def _refusal(request: Request, error: CaviarError) -> Response:
    status = STATUS[type(error)]
    return _page(request, "error.html", status=status, code=error.code, detail=error.detail)


def _page(request: Request, template: str, *, status: int = 200, **given: Any) -> Response:
    about = {"params": _params(request), "path": request.url.path, "base": _base(request)}
    text = render(template, **given, **about, status=status)
    body = text.encode("utf-8", "replace")
    headers = {**SECURITY, "Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if accepts_gzip(request) and len(body) >= SMALLEST_COMPRESSED:
        body = gzip.compress(body, compresslevel=3, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status_code=status, media_type="text/html; charset=utf-8", headers=headers)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _params(request: Request) -> dict[str, Any]:
    """The query as templates carry it on into links."""
    found = {name: request.query_params.getlist(name) for name in request.query_params}
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}
