"""What a server that was told to stop answers to new requests: come again shortly, and to another connection."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Receive, Scope, Send

from caviar.errors import Unavailable
from service.api.problems import respond

_ALWAYS = frozenset({"/healthz", "/metrics"})
"""Answered to the end: the process lives."""
UPLOAD_SECONDS = 1.0
"""How long the rest of a refused request's body is read. A client that still sends would not see the answer."""


class Closing:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_asking_for_us = scope["type"] == "http" and scope["path"] not in _ALWAYS
        if not is_asking_for_us or not scope["app"].state.service.changes.is_closed:
            await self._app(scope, receive, send)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(UPLOAD_SECONDS):
                while (await receive()).get("more_body"):
                    pass
        response = respond(Unavailable("the server is stopping; try again shortly"))
        response.headers["Connection"] = "close"
        await response(scope, receive, send)
