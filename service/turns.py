"""The server's turns: what it does by itself, every few seconds, for as long as it lives."""

import asyncio
import logging
from datetime import UTC, datetime
from functools import partial

from anyio.to_thread import run_sync

from service import queue
from service.context import Service
from service.storage import leases

log = logging.getLogger("caviar.service")
LONGEST_PAUSE_SECONDS = 5.0


async def take_turns(service: Service) -> None:
    """Runs until it is cancelled."""
    last = datetime.min.replace(tzinfo=UTC)
    while True:
        try:
            last = await run_sync(turn, service, last)
        except Exception:
            # The edge of a turn: what fails now, because the database is away, is done by the next one.
            log.exception("a turn of the server failed; the next one comes")
        await asyncio.sleep(min(service.lease_ttl.total_seconds() / 4, LONGEST_PAUSE_SECONDS))


def turn(service: Service, last: datetime) -> datetime:
    """One turn; `last` is when the one before ended, and what this returns is for the next.

    After a pause (a restart, a suspended machine, a database that was away) every lease is first extended by one term:
    no worker is to blame for the time in which nobody listened.
    """
    now = service.now()
    if now - last > service.lease_ttl / 2:
        service.database.run(partial(leases.grace, until=now + service.lease_ttl))
    queue.sweep(service)
    return service.now()
