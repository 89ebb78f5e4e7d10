"""/v1/searches/{id}/events: the search as it stands, again after every change, as server-sent events.

An event tells the state and not what led to it (docs/adr/0015-events-tell-the-state.md): whatever a reader missed, the
next event makes good, and nothing is kept for those who are away or slow.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Query
from starlette.responses import StreamingResponse
from starlette.types import Message as Asgi
from starlette.types import Send

from caviar.errors import Unavailable
from caviar.wire.event_stream import EVENT_STREAM, HEARTBEAT, Message, written
from caviar.wire.events import SearchEvent
from service.api import present
from service.api.parameters import SearchId, ServiceOf
from service.api.problems import documented
from service.changes import events, ranking
from service.context import Service
from service.storage import searches, trials, workers

router = APIRouter(prefix="/v1/searches", tags=["searches"])
PAUSE_SECONDS = 0.2
"""At least so long between two events of one stream: what changes meanwhile is one event."""
HEARTBEAT_SECONDS = 10.0
AWAY_SECONDS = 1.0
"""After how long a database that did not answer is asked again."""
STALLED_SECONDS = 4.0
"""A reader that takes nothing for so long is let go. When it comes again it gets the newest state, not a backlog."""
RETRY_MILLISECONDS = 2000
"""After how long a browser comes again when the stream has ended."""
_EXAMPLE = (
    "retry: 2000\n\n"
    'id: 87\nevent: search\ndata: {"id":"1","state":"active","trials":48,"counts":{"queued":2,"running":4,'
    '"completed":30,"stopped":0,"failed":0,"cancelled":0},"progress":{"finished":30,"trials":48,"fraction":0.625,'
    '"seconds":6.1,"seconds_left":3.7},"best":{"trial":"31","number":30,"value":0.9833},"rounds":9,"ranking":30,'
    '"waits_for":null,"changes":87}\n\n'
)


class EventStream(StreamingResponse):
    """Never holds more than the server's write buffer for a reader, and never keeps a server from stopping."""

    media_type = EVENT_STREAM

    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Asgi) -> None:
            async with asyncio.timeout(STALLED_SECONDS):
                await send(message)

        with suppress(TimeoutError):
            await super().stream_response(send_in_time)


@router.get(
    "/{search}/events",
    response_class=EventStream,
    responses={
        200: {
            "description": "one event at once, then one for every change",
            "content": {EVENT_STREAM: {"schema": {"type": "string"}, "example": _EXAMPLE}},
        },
        **documented(404),
    },
)
async def stream_events(
    service: ServiceOf,
    search: SearchId,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="the id of the last event that was read")
    ] = None,
    last: Annotated[
        str | None, Query(alias="last_event_id", description="the same, for tools that cannot set the header")
    ] = None,
) -> EventStream:
    """The search as it stands, as server-sent events named `search`: at once, unless the id of the last event that was
    read is still the newest, and again after every change, at most five times a second.

    An event's id is the search's change counter. `ranking` and `rounds` say when the leaderboard and the zoom are to be
    fetched anew. The stream goes on when the search has ended, because it can be extended; it ends with the event
    `deleted`, or when the server stops. A comment is sent when there was nothing to say for ten seconds.
    """
    now = await _look(service, search)
    if now is None:
        raise searches.missing(search)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventStream(_told(service, search, told=last if last_event_id is None else last_event_id), headers=headers)


async def _told(service: Service, search: int, *, told: str | None) -> AsyncIterator[str]:
    """`told`: the id of the event that the reader has already."""
    clock = asyncio.get_running_loop().time
    yield f"retry: {RETRY_MILLISECONDS}\n\n"
    spoke_at, before = clock(), None
    with service.changes.listening(ranking(search), events(search)) as turn:
        while not service.changes.is_closed:
            text, pause = "", PAUSE_SECONDS
            answer = turn.look()
            try:
                now = await _look(service, search)
            except Unavailable:
                pause = AWAY_SECONDS
            else:
                answer()
                if now is None:
                    yield written(Message("deleted", "", f'{{"id":"{search}"}}'))
                    return
                # What it waits for depends on the workers too, which come and go without a change of the search.
                if str(now.changes) != told or (before is not None and now.waits_for != before.waits_for):
                    text = written(Message("search", str(now.changes), now.model_dump_json()))
                told, before = str(now.changes), now
            if not text and clock() - spoke_at >= HEARTBEAT_SECONDS:
                text = HEARTBEAT
            if text:
                yield text
                spoke_at = clock()
            await asyncio.sleep(pause)
            await turn.called(spoke_at + HEARTBEAT_SECONDS - clock())


async def _look(service: Service, search: int) -> SearchEvent | None:
    """The search now, None when it was deleted: read once for all streams that ask at the same time."""
    return await service.looks.read(search, lambda: run_sync(_read, service, search))


def _read(service: Service, search: int) -> SearchEvent | None:
    now = service.now()
    with service.database.read() as tx:
        record = searches.find(tx, search)
        if record is None:
            return None
        best = next(iter(trials.among(tx, [record.best_trial])), None)
        live = workers.live_by_trainer(tx, since=workers.alive_since(now, service.lease_ttl))
    return present.event(record, best=best, live=live, now=now)
