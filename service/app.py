"""The application: routes, errors, and what runs beside them for as long as the server lives."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from caviar import __version__
from caviar.settings import Settings
from service import queue
from service.api import description, health, leaderboard, problems, protocol, searches, trials, workers
from service.changes import Changes
from service.clock import Clock
from service.context import Service
from service.storage import leases
from service.storage.database import Database

log = logging.getLogger("caviar.service")
LONGEST_TURN_SECONDS = 5.0


def create_app(settings: Settings) -> FastAPI:
    """The database must stand at this release's schema (service.storage.migrate)."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service = Service(settings, Database(settings.store_url), Clock(), Changes())
        app.state.service = service
        await run_in_threadpool(_after_restart, service)
        turns = asyncio.create_task(_take_turns(service))
        yield
        turns.cancel()
        with suppress(asyncio.CancelledError):
            await turns
        service.database.close()

    app = FastAPIOffline(
        title="Caviar",
        version=__version__,
        description="A self-hosted hyperparameter search service.",
        lifespan=lifespan,
        redoc_url=None,
    )
    for module in (searches, leaderboard, trials, protocol, workers, health):
        app.include_router(module.router)
    app.add_api_route("/", _home, include_in_schema=False)
    problems.install(app)
    description.install(app)
    return app


async def _home() -> RedirectResponse:
    return RedirectResponse("/docs")


def _after_restart(service: Service) -> None:
    """No worker is to blame for the time in which nobody listened."""
    with service.database.write() as tx:
        leases.grace(tx, until=service.now() + service.lease_ttl)


async def _take_turns(service: Service) -> None:
    while True:
        try:
            await run_in_threadpool(queue.sweep, service)
        except Exception:
            log.exception("a turn of the server failed; the next one comes")
        await asyncio.sleep(min(service.lease_ttl.total_seconds() / 4, LONGEST_TURN_SECONDS))
