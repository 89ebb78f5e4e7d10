"""Run the application under uvicorn until SIGTERM or SIGINT."""

import gc
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from caviar.settings import Settings
from service.app import create_app
from service.listener import url_of

GRACE_SECONDS = 5
"""How long open requests may take to end once the server was told to stop."""


class _Server(uvicorn.Server):
    """Answers waiting long polls as soon as it is told to stop; uvicorn itself would wait for them."""

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

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        application = self.config.app
        if service := getattr(getattr(application, "state", None), "service", None):
            service.changes.close()


def serve(settings: Settings, listener: socket.socket, *, on_ready: Callable[[str], None]) -> None:
    """Blocks. `on_ready` is given the server's URL once it answers on the listener. The store is ready already."""
    url = url_of(*listener.getsockname()[:2])
    config = uvicorn.Config(
        create_app(settings),
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
    )
    _Server(config, on_ready, url).run(sockets=[listener])
