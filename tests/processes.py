"""Real server and worker processes for tests: none outlives its test, and none fails in silence."""

import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from caviar.client import Client
from caviar.errors import CaviarError
from caviar.processes import Process, ending, ready_url, start, stop

_READY_SECONDS = 60.0
_KEPT_PORTS = range(20_000, 32_000)
"""Below those that Linux gives to outgoing connections by itself."""


def port_to_keep() -> int:
    """A free port for a server that is to be killed and started again.

    Meanwhile a port of the usual range may go to any outgoing connection, even to that of a worker that calls this
    very port and is then connected to itself.
    """
    while True:
        port = random.choice(_KEPT_PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


@dataclass(frozen=True)
class Running:
    process: Process
    log: Path
    """Its stderr."""

    def said(self) -> str:
        return self.log.read_text()


@dataclass(frozen=True)
class Server(Running):
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


class Processes:
    """Starts them, each with CAVIAR_* variables of its own; `folder` takes their logs and data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.workers: list[Running] = []
        self.servers: list[Running] = []

    def server(self, store_url: str, *, port: int = 0, **settings: str) -> Server:
        """Answers when this returns. Raises ProcessFailed, with its log as a note."""
        settings = {"CAVIAR_DATABASE_URL": store_url, "CAVIAR_DATA_DIR": str(self._folder), **settings}
        running = self._start("server", len(self.servers), "serve", "--json", "--port", str(port), settings=settings)
        self.servers.append(running)
        try:
            url = ready_url(running.process, timeout_seconds=_READY_SECONDS)
        except CaviarError as error:
            error.add_note(running.said())
            raise
        return Server(running.process, running.log, url)

    def worker(self, url: str, *flags: str, **settings: str) -> Running:
        """Known to the server, as `worker-0` and so on, when this returns."""
        name = f"worker-{len(self.workers)}"
        arguments = ("worker", url, "--name", name, *flags)
        running = self._start("worker", len(self.workers), *arguments, settings=settings)
        self.workers.append(running)
        deadline = time.monotonic() + _READY_SECONDS
        with Client(url) as client:
            while not any(worker.name == name for worker in client.workers().items):
                ended = running.process.poll() is not None
                assert not ended, f"the worker {ending(running.process)}: {running.said()}"
                assert time.monotonic() < deadline, f"the worker did not report to the server: {running.said()}"
                time.sleep(0.02)
        return running

    def _start(self, kind: str, number: int, *arguments: str, settings: dict[str, str]) -> Running:
        path = self._folder / f"{kind}-{number}.log"
        with path.open("w") as log:
            return Running(start(*arguments, settings=settings, log=log), path)


@contextmanager
def running_processes(folder: Path) -> Iterator[Processes]:
    """Ends them, workers first, and prints their logs, which pytest shows of a failed test. A traceback fails it."""
    processes = Processes(folder)
    try:
        yield processes
    finally:
        for group in (processes.workers, processes.servers):
            stop(running.process for running in group)
        everything = [*processes.servers, *processes.workers]
        for running in everything:
            print(f"--- {running.log.name}: it {ending(running.process)}\n{running.said()}")  # noqa: T201
    failed = [running.log.name for running in everything if "Traceback (most recent call last)" in running.said()]
    assert not failed, f"a traceback stands in {', '.join(failed)}, printed below"
