"""Times every request and names it to the log, as a layer around all routes.

What counts is when the answer begins: a stream that stays open for hours is as quick as its first byte, and what a
long poll waits for a change is taken off.
"""

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caviar.logs import REQUEST
from service.changes import WAITED, Waited
from service.metrics import Metrics

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Timing:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        metrics: Metrics = scope["app"].state.service.metrics
        waited, start = Waited(), perf_counter()
        has_begun = False
        WAITED.set(waited)
        REQUEST.set(f"{scope['method']} {scope['path']}")

        def answered(status: int) -> None:
            # Whoever invents paths and methods must not fill our memory with series.
            method = scope["method"] if scope["method"] in METHODS else "other"
            seconds = perf_counter() - start - waited.seconds
            metrics.answered(seconds, route=_template(scope), method=method, status=status)

        async def timed(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                answered(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, timed)
        except Exception:
            # Seen on its way out, mostly behind an answer, which service.api.problems has given.
            if not has_begun:
                answered(500)
            raise


def _template(scope: Scope) -> str:
    """`/v1/trials/{trial}`; "other" for what no route of ours has answered."""
    return str(getattr(scope.get("route"), "path", "other"))
