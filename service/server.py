"""Run the application under uvicorn until SIGTERM or SIGINT."""

import asyncio
import gc
import socket
import threading
from collections.abc import Callable
from importlib import import_module
from math import ceil
from types import FrameType

import uvicorn

from caviar.settings import Settings
from service.app import create_app
from service.listener import url_of

GRACE_SECONDS = 5.0
"""How long open requests may take to end once the server was told to stop."""
LAST_CALL_SECONDS = 0.5
"""How long clients that are connected are still told that the server stops, instead of finding it gone."""
_LOOK_SECONDS = 0.02


class _Server(uvicorn.Server):
    """Lets those who wait go as soon as it is told to stop, and refuses new requests while it ends the open ones.

    uvicorn itself would wait for the former, and close the connections of clients that are about to use them again.
    """

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], None], url: str) -> None:
        super().__init__(config)
        self._on_ready, self._url = on_ready, url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # What was imported stays; looking through it again and again held up requests by a tenth of a second.
            gc.collect()
            gc.freeze()
            self._on_ready(self._url)
            # What only a zoom's second round and the first page need is loaded while nobody waits for it.
            threading.Thread(target=_load, args=("scipy.linalg.lapack", "scipy.special", "jinja2"), daemon=True).start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        application = self.config.app
        if service := getattr(getattr(application, "state", None), "service", None):
            service.changes.close()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + GRACE_SECONDS
        await self._drain(clock() + LAST_CALL_SECONDS, deadline)
        self.config.timeout_graceful_shutdown = max(ceil(deadline - clock()), 1)
        await super().shutdown(sockets)

    async def _drain(self, last_call: float, deadline: float) -> None:
        """Until the requests that are open now have ended, and who is connected had time to hear that it stops."""
        clock = asyncio.get_running_loop().time
        is_alone = not self.server_state.connections
        waiting = set(self.server_state.tasks)
        while not self.force_exit and clock() < deadline:
            waiting = {task for task in waiting if not task.done()}
            if not waiting and (is_alone or clock() > last_call):
                return
            await asyncio.sleep(_LOOK_SECONDS)


def _load(*modules: str) -> None:
    for name in modules:
        import_module(name)


def serve(settings: Settings, listener: socket.socket, *, on_ready: Callable[[str], None]) -> None:
    """Blocks. `on_ready` is given the server's URL once it answers on the listener. The store is ready already."""
    url = url_of(*listener.getsockname()[:2])
    config = uvicorn.Config(
        create_app(settings),
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
    )
    _Server(config, on_ready, url).run(sockets=[listener])
