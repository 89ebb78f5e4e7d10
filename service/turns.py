"""The server's turns: what it does by itself, every few seconds, for as long as it lives."""

import asyncio
import logging
from datetime import datetime
from functools import partial

from anyio.to_thread import run_sync

from caviar.errors import Unavailable
from service import queue
from service.context import Service
from service.storage import leases
from service.upkeep import Upkeep

log = logging.getLogger("caviar.service")
LONGEST_PAUSE_SECONDS = 5.0


def begin(service: Service) -> datetime | None:
    """Before the first request is heard: leases get the time back in which there was no server. For the first turn.

    Later it could not be told any more: whoever speaks first would make it look as if somebody had listened all along.
    """
    now = service.now()
    try:
        service.database.run(partial(leases.grace, since=None, ttl=service.lease_ttl, now=now))
    except Unavailable:
        return None
    return now


async def take_turns(service: Service, last: datetime | None) -> None:
    """Runs until it is cancelled. `last`: what `begin` gave."""
    upkeep = Upkeep(service)
    while True:
        try:
            last = await run_sync(turn, service, last)
            await run_sync(upkeep.turn)
            service.metrics.swept()
        except Exception:
            # The edge of a turn: what fails now, because the database is away, is done by the next one.
            service.metrics.turn_failed()
            log.exception("a turn of the server failed; the next one comes")
        await asyncio.sleep(min(service.lease_ttl.total_seconds() / 4, LONGEST_PAUSE_SECONDS))


def turn(service: Service, last: datetime | None) -> datetime:
    """One turn; `last` is when the one before ended, and what this returns is for the next.

    After a pause (a suspended machine, a database that was away) every lease first gets the time back in which nobody
    listened.
    """
    now = service.now()
    if last is None or now - last > service.lease_ttl / 2:
        service.database.run(partial(leases.grace, since=last, ttl=service.lease_ttl, now=now))
    queue.sweep(service)
    return service.now()
