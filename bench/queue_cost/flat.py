"""Whether a call costs the same behind a thousand finished trials and a million: several servers, called in turns.

Every server has a database of its own with one filled search. Call after call goes to each of them in an order that
turns, so that what disturbs one disturbs all. A turn is a claim of one trial, its report, its finish and the first page
of the leaderboard, each on its own clock.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median, quantiles

from bench.queue_cost.filled import SEARCH, TRAINER, fill
from bench.queue_cost.line import Json, Line
from bench.queue_cost.served import Served, served
from bench.queue_cost.stores import NewStore
from bench.timing import Work, seconds

VERBS = ("claim", "report", "finish", "leaderboard")
WARM_UP = 20
"""Turns before the clock counts."""
_FIRST_TURN_SECONDS = 60.0
_PAGE = f"/v1/searches/{SEARCH}/leaderboard?limit=50"


@dataclass(frozen=True)
class Behind:
    """What was measured behind so many finished trials: seconds of each call by verb, and the server's memory after."""

    seconds: Mapping[str, Sequence[float]]
    memory_mb: float

    def p50(self, verb: str) -> float:
        return median(self.seconds[verb])

    def p99(self, verb: str) -> float:
        return quantiles(self.seconds[verb], n=100, method="inclusive")[-1]


@dataclass(frozen=True)
class Flatness:
    """By finished trials, the fewest first."""

    behind: Mapping[int, Behind]

    def ratio(self, verb: str) -> float:
        """The median behind most trials / behind fewest."""
        return self._most.p50(verb) / self._fewest.p50(verb)

    def memory(self) -> float:
        return self._most.memory_mb / self._fewest.memory_mb

    @property
    def _fewest(self) -> Behind:
        return self.behind[min(self.behind)]

    @property
    def _most(self) -> Behind:
        return self.behind[max(self.behind)]


def flatness(new_store: NewStore, *, sizes: Sequence[int], calls: int) -> Flatness:
    """`calls` of each verb behind each of these numbers of finished trials."""
    urls = {size: new_store(f"filled_{size}") for size in sizes}
    for size, url in urls.items():
        fill(url, finished=size)
    with ExitStack() as stack:
        servers = {size: stack.enter_context(served(url)) for size, url in urls.items()}
        lines = {size: stack.enter_context(Line(server.url)) for size, server in servers.items()}
        for line in lines.values():
            _wait_for_trials(line)
        clocks: dict[int, dict[str, list[float]]] = {size: {verb: [] for verb in VERBS} for size in sizes}
        for number in range(-WARM_UP, calls):
            turns = {size: dict(_turn(lines[size])) for size in _from(sizes, number)}
            for size, took in turns.items() if number >= 0 else ():
                for verb in VERBS:
                    clocks[size][verb].append(took[verb])
        return Flatness({size: _behind(servers[size], clocks[size]) for size in sorted(sizes)})


def _wait_for_trials(line: Line) -> None:
    """Until the server's first turn has drawn some."""
    deadline = time.monotonic() + _FIRST_TURN_SECONDS
    while not line.get(f"/v1/searches/{SEARCH}")["counts"]["queued"]:
        if time.monotonic() > deadline:
            raise RuntimeError("the server has drawn no trials")
        time.sleep(0.05)


def _from(sizes: Sequence[int], number: int) -> Sequence[int]:
    """All of them, beginning with another one each time."""
    first = number % len(sizes)
    return [*sizes[first:], *sizes[:first]]


def _turn(line: Line) -> Iterator[tuple[str, float]]:
    trials: list[Json] = []
    calls: Mapping[str, Work] = {
        "claim": lambda: trials.extend(line.claim(str(SEARCH), worker="bench", trainer=TRAINER)),
        "report": lambda: line.report(trials),
        "finish": lambda: line.finish(trials),
        "leaderboard": lambda: line.get(_PAGE),
    }
    for verb in VERBS:
        yield verb, seconds(calls[verb])


def _behind(server: Served, clocks: Mapping[str, Sequence[float]]) -> Behind:
    return Behind(clocks, server.memory_mb())
