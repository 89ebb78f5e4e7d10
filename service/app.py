"""The application: routes, errors, and what runs beside them for as long as the server lives."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from anyio.to_thread import run_sync
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from caviar import __version__
from caviar.settings import Settings
from service.api import (
    charts,
    description,
    events,
    health,
    importances,
    leaderboard,
    metrics,
    problems,
    protocol,
    searches,
    trials,
    workers,
)
from service.api.closing import Closing
from service.api.direct import Direct
from service.api.timing import Timing
from service.changes import Changes
from service.clock import Clock
from service.context import Service
from service.dashboard import assets, pages
from service.gauges import Gauges
from service.metrics import Metrics
from service.storage.database import Database
from service.turns import begin, take_turns
from service.watcher import keep_watch


def create_app(settings: Settings) -> FastAPI:
    """The database must stand at this release's schema (service.storage.migrate)."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        meter = Metrics()
        database = Database(settings.store_url, meter)
        service = Service(settings, database, Clock(), Changes(), metrics=meter)
        service.metrics.watch(Gauges(service))
        app.state.service = service
        begun = await run_sync(begin, service)
        beside = [asyncio.create_task(task) for task in (take_turns(service, begun), keep_watch(service))]
        yield
        for task in beside:
            task.cancel()
        for task in beside:
            with suppress(asyncio.CancelledError):
                await task
        service.database.close()

    app = FastAPIOffline(
        title="Caviar",
        version=__version__,
        description="A self-hosted hyperparameter search service.",
        lifespan=lifespan,
        docs_url=None,  # service.dashboard.pages has its own, without an inline script
        redoc_url=None,
    )
    for module in (protocol, searches, leaderboard, events, charts, importances, trials, workers, health, metrics):
        app.include_router(module.router)
    app.include_router(assets.router)
    app.include_router(pages.router)
    app.build_middleware_stack = partial(_surrounded, app.build_middleware_stack)  # type: ignore[method-assign]
    problems.install(app)
    description.install(app)
    return app


def _surrounded(build: Callable[[], ASGIApp]) -> ASGIApp:
    """Our layers lie around FastAPI's own, so that what they answer by themselves passes none of those."""
    direct = Direct(build(), routes=protocol.router.routes)
    return Timing(Closing(direct))  # what Closing refuses is counted too
