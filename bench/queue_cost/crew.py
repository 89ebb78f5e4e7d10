"""Clients of one side in processes of their own, which do trials for a time and say how many they did.

Both sides are measured so, one client as well as several: a client shares its interpreter with nobody.
"""

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Protocol, Self

Unit = Callable[[], int]
"""Does some trials, from asking to telling; returns how many."""
_HEAD_START_SECONDS = 0.05
"""Until every client has heard when to begin."""


class Side(Protocol):
    """One of those that are compared. It is sent into every client's process."""

    def prepare(self, *, clients: int, batch: int) -> str:
        """An empty search for a round, by name."""
        ...

    def join(self, name: str, *, place: int, batch: int) -> Unit:
        """A client of this search; it has done one trial, so that what is loaded and opened once is there."""
        ...

    def close(self, name: str) -> None:
        """The round is over."""
        ...


class Crew:
    """So many clients of a side, of which a round may use fewer. Close it, or use it in a `with`."""

    def __init__(self, side: Side, *, size: int) -> None:
        # Not forked: a copy of this process would share its connections and its locks.
        spawn = multiprocessing.get_context("spawn")
        self._side = side
        self._lines: list[Connection] = []
        self._processes = []
        for place in range(size):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_work, args=(side, place, theirs), daemon=True)
            process.start()
            theirs.close()  # so that the end of the process is the end of the line
            self._lines.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for line, process in zip(self._lines, self._processes, strict=True):
            line.close()  # the client ends itself when nobody is at the other end
            process.join(10)
            process.kill()
            process.join()

    def rate(self, *, clients: int, batch: int, seconds: float) -> float:
        """Trials per second of all clients together; each ends what it has begun when the time is over.

        Raises RuntimeError when a client failed; what it said of it is on stderr.
        """
        lines = self._lines[:clients]
        name = self._side.prepare(clients=clients, batch=batch)
        for line in lines:
            line.send((name, batch, seconds))
        for line in lines:
            _hear(line)
        start_at = time.monotonic() + _HEAD_START_SECONDS
        for line in lines:
            line.send(start_at)
        done, ended_at = zip(*map(_hear, lines), strict=True)
        self._side.close(name)
        return float(sum(done) / (max(ended_at) - start_at))


def _hear(line: Connection) -> tuple[int, float]:
    try:
        trials, at = line.recv()
    except EOFError:
        raise RuntimeError("a client of the benchmark ended before its round did") from None
    return trials, at


def _work(side: Side, place: int, line: Connection) -> None:
    while True:
        try:
            name, batch, seconds = line.recv()
        except EOFError:
            return
        unit = side.join(name, place=place, batch=batch)
        line.send((0, time.monotonic()))
        start_at = line.recv()
        time.sleep(max(0.0, start_at - time.monotonic()))
        done, ended_at = 0, start_at
        while ended_at < start_at + seconds:
            done += unit()
            ended_at = time.monotonic()
        line.send((done, ended_at))
