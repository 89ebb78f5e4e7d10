"""A worker process: who it is, what its signals do, and the loop."""

import os
import platform
import secrets
import signal
import socket
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import numpy as np

from caviar import __version__
from caviar.calls import Calls
from caviar.loop import Loop, Profile
from caviar.settings import Settings
from worker.stacks import quarter_of_memory, train

TRAINERS = ("mlp",)


def run(settings: Settings, *, name: str, search: str | None, say: Callable[[str], None]) -> None:
    """Work until SIGTERM or SIGINT; a second one ends the process at once. Call it in the main thread."""
    profile = Profile(worker=name, capacity=settings.capacity, trainers=TRAINERS, search=search, about=_about())
    with Calls(settings.url) as client:
        within_memory = partial(train, budget_bytes=_bytes(settings.memory_mb))
        loop = Loop(client, profile, within_memory, heartbeat=settings.heartbeat_seconds, say=say)

        def drain(number: int, _frame: FrameType | None) -> None:
            signal.signal(number, signal.SIG_DFL)
            loop.drain()
            say("draining: running trials go back to the queue")

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, drain)
        say(f"worker {profile.worker} works for {settings.url}")
        loop.work()


def _bytes(megabytes: float | None) -> int:
    return quarter_of_memory() if megabytes is None else int(megabytes * 1e6)


def own_name() -> str:
    """Another name for every process, so that the server never takes two for one."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"


def _about() -> dict[str, Any]:
    return {
        "caviar": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "host": socket.gethostname(),
        "pid": os.getpid(),
    }
