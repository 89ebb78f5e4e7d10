"""The watcher: tells those who wait at this server what nobody here announced.

That is what other servers changed, and trials whose pause ended. It looks at the whole store at once, so that the cost
does not grow with the number of those who wait, and not at all while nobody does.
"""

import asyncio
import logging

from anyio.to_thread import run_sync

from caviar.errors import Unavailable
from service.changes import QUEUE, Topic, events, ranking
from service.context import Service
from service.storage import watch
from service.storage.watch import Counters

log = logging.getLogger("caviar.service")
LOOK_SECONDS = 0.4
"""How long a change made through another server may stay unnoticed here, and a little more."""


async def keep_watch(service: Service) -> None:
    """Runs until it is cancelled."""
    watcher = Watcher(service)
    is_failing = False
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        awaited = service.changes.awaited()
        try:
            moved = await run_sync(watcher.look, awaited) if awaited else set()
        except Exception as error:
            # The edge of a look: while the database is away nothing is found, and those who wait go on waiting.
            if not is_failing:
                reason = None if isinstance(error, Unavailable) else error
                log.error("who waits here is not told of changes for now: %s", error, exc_info=reason)
            is_failing = True
        else:
            if is_failing:
                log.info("who waits here is told of changes again")
            is_failing = False
            service.changes.announce(*moved)


class Watcher:
    """What the store looked like at the last look. What is waited for since then counts as moved."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._is_shared = watch.is_shared(service.database)
        self._active: dict[int, int] = {}
        self._counters: dict[int, Counters | None] = {}
        self._looked_at = service.now()

    def look(self, awaited: set[Topic]) -> set[Topic]:
        """What has moved of what is waited for. After an error nothing is forgotten: the next look tells it all.

        The only server of a store announces what it changes; its event streams are told here of every claim as well.
        """
        now, is_queue_awaited = self._service.now(), QUEUE in awaited
        named = {topic.search for topic in awaited - {QUEUE} if self._is_shared or topic == events(topic.search)}
        with self._service.database.read() as tx:
            found = watch.counters(tx, named) if named else {}
            active = watch.active(tx) if is_queue_awaited and self._is_shared else {}
            has_come = is_queue_awaited and watch.has_become_available(tx, after=self._looked_at, up_to=now)
        counters = {search_id: found.get(search_id) for search_id in named}
        # Of both topics, even if only one is waited for: who came during this look may wait for the other.
        moved = {topic for search_id in named for topic in self._moved(search_id, counters[search_id])}
        if has_come or active != self._active:
            moved.add(QUEUE)
        self._active, self._counters = active, counters
        if is_queue_awaited:
            self._looked_at = now
        return moved

    def _moved(self, search_id: int, found: Counters | None) -> set[Topic]:
        last = self._counters.get(search_id)
        if search_id not in self._counters or last is None or found is None:
            is_same = search_id in self._counters and last is found
            return set() if is_same else {ranking(search_id), events(search_id)}
        moved = {events(search_id)} if found.changes != last.changes else set()
        return moved | {ranking(search_id)} if found.ranking != last.ranking else moved
