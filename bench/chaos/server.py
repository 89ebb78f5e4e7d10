"""The server of a run: one command, one port and one database over all its lives, and how each life ended."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from caviar.processes import Process, is_running, ready_url, stop

HOST = "127.0.0.1"
LONGEST_STOP_SECONDS = 10.0
"""R15: so long a server may take to end after SIGTERM."""
_KEPT_PORTS = range(20_000, 32_000)
"""Below those that Linux gives to outgoing connections, one of which could take the port while the server is down."""
_READY_SECONDS = 60.0
_ROOT = Path(__file__).parents[2]
"""Servers run the code of this tree, whatever is installed."""


class Server:
    def __init__(
        self, store_url: str, folder: Path, *, ttl_seconds: float, bug: str | None = None, env: Mapping[str, str] = {}
    ) -> None:
        """`bug`: one of the planted ones, which the launcher puts into the process before the command runs."""
        self.port, self.log = _port_to_keep(), folder / "server.log"
        self.url, self.stop_seconds = f"http://{HOST}:{self.port}", list[float]()
        module = ["caviar"] if bug is None else ["bench.chaos.sabotaged", bug]
        self._command = [sys.executable, "-P", "-m", *module, "serve", "--json", "--lifeline"]
        self._settings = {
            "PYTHONPATH": str(_ROOT),
            "CAVIAR_DATABASE_URL": store_url,
            "CAVIAR_DATA_DIR": str(folder),
            "CAVIAR_HOST": HOST,
            "CAVIAR_PORT": str(self.port),
            "CAVIAR_LEASE_TTL_SECONDS": f"{ttl_seconds:g}",
            **env,
        }
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        assert self._process is not None, "the server was not started"
        return self._process

    def start(self) -> None:
        """Returns when it answers. Raises ProcessFailed."""
        with self.log.open("a") as log:
            self._process = _start(self._command, self._settings, log=log)
        ready_url(self.process, timeout_seconds=_READY_SECONDS)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        stop([self.process])

    def terminate(self) -> float:
        """SIGTERM; returns how many seconds it took to end."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        stop([self.process])
        self.stop_seconds.append(time.monotonic() - began)
        return self.stop_seconds[-1]

    def close(self) -> None:
        if self._process is not None and is_running(self._process):
            stop([self._process])

    def tracebacks(self) -> list[str]:
        """The last line of each traceback that it logged: what was raised."""
        found, is_inside = [], False
        for line in self.log.read_text(errors="replace").splitlines():
            if line.startswith("Traceback (most recent call last)"):
                is_inside = True
            elif is_inside and line and not line.startswith(" "):
                found.append(line)
                is_inside = False
        return found


def _start(command: Sequence[str], settings: Mapping[str, str], *, log: IO[str]) -> Process:
    """As caviar.processes.start does, but for the launcher: its stdin is a lifeline to the rig."""
    return subprocess.Popen(
        command,
        env={**os.environ, **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
        text=True,
    )


def _port_to_keep() -> int:
    while True:
        port = random.choice(_KEPT_PORTS)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                return port
