"""Many workers that only say they are alive: each holds a trial and renews its lease every few seconds.

Each heartbeat is a request on a connection of its own, for the server closes one that was idle as long as a worker is
silent. The clock of a heartbeat starts when it is due, so that a late answer is not forgiven the ones it delays.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlsplit

from bench.queue_cost.line import Json, Line, proof
from bench.queue_cost.served import CpuShare, served
from bench.queue_cost.stores import NewStore
from bench.queue_cost.toy import document
from caviar.client import Client

EVERY_SECONDS = 5.0
"""As a worker does by default."""
IN_TIME_SECONDS = 1.0
_TRAINER = "toy"


@dataclass(frozen=True)
class Heartbeats:
    """Seconds from when each heartbeat was due to its answer, and how much of a core the server used meanwhile."""

    seconds: Sequence[float]
    cpu_share: float

    @property
    def in_time(self) -> float:
        """The share answered within a second."""
        return sum(one <= IN_TIME_SECONDS for one in self.seconds) / len(self.seconds)

    @property
    def p99(self) -> float:
        return quantiles(self.seconds, n=100, method="inclusive")[-1]


def heartbeats(new_store: NewStore, *, workers: int, beats: int) -> Heartbeats:
    """`beats` of each worker. Raises RuntimeError if one is not answered that the lease goes on."""
    with served(new_store("heartbeats")) as server:
        messages = [_message(server.url, trial) for trial in _claimed(server.url, workers)]
        cpu = CpuShare(server)
        clocks = asyncio.run(_all_beat(server.url, messages, beats=beats))
        return Heartbeats(clocks, cpu.so_far())


def _claimed(url: str, workers: int) -> list[Json]:
    """A trial for each."""
    with Client(url) as client:
        search = client.submit(document(trainer=_TRAINER, trials=workers, parallel=workers)).id
    with Line(url) as line:
        return [line.claim(search, worker=f"bench-{i}", trainer=_TRAINER)[0] for i in range(workers)]


def _message(url: str, trial: Json) -> bytes:
    body = json.dumps({"reports": [proof(trial)]}).encode()
    head = f"POST /v1/trials:report HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nConnection: close\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def _all_beat(url: str, messages: Sequence[bytes], *, beats: int) -> list[float]:
    """Workers began at different times, so their heartbeats are spread evenly."""
    start, step = time.perf_counter(), EVERY_SECONDS / len(messages)
    every = [_beat(url, message, first_at=start + i * step, beats=beats) for i, message in enumerate(messages)]
    return [one for clocks in await asyncio.gather(*every) for one in clocks]


async def _beat(url: str, message: bytes, *, first_at: float, beats: int) -> list[float]:
    clocks = []
    for number in range(beats):
        due_at = first_at + number * EVERY_SECONDS
        await asyncio.sleep(max(0.0, due_at - time.perf_counter()))
        await _send(url, message)
        clocks.append(time.perf_counter() - due_at)
    return clocks


async def _send(url: str, message: bytes) -> None:
    """asyncio sets TCP_NODELAY by itself."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(message)
        answer = await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0] or json.loads(body)["results"][0]["status"] != "ok":
        raise RuntimeError(f"a heartbeat was answered {answer.decode()}")
