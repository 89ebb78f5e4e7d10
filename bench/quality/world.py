"""Workers in virtual time: each takes the next trial when it is free, runs it for its duration and tells its result."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Protocol

from bench.quality.chance import duration, observed
from bench.quality.tasks import Task


class Searcher(Protocol):
    """A search as the world drives it. Trials are numbered from 0 in the order in which they are asked for."""

    def ask(self) -> Mapping[str, Any] | None:
        """The next trial's hyperparameters; None while it has to wait for a result."""
        ...

    def tell(self, number: int, loss: float) -> None:
        """A trial has finished; lower is better."""
        ...


@dataclass(frozen=True)
class Run:
    """One search's trials by number, and which share of the workers' time they took until the last one started."""

    configurations: Sequence[int]
    observed: Sequence[float]
    utilisation: float

    def first(self, trials: int) -> tuple[Sequence[int], Sequence[float]]:
        """Configurations and observed losses of the first trials."""
        return self.configurations[:trials], self.observed[:trials]


@dataclass
class _Clockwork:
    now: float = 0.0
    running: list[tuple[float, int]] = field(default_factory=list)
    """A heap of (end, number)."""
    spans: list[tuple[float, float]] = field(default_factory=list)
    """(start, end) by number."""

    def start(self, length: float) -> None:
        heappush(self.running, (self.now + length, len(self.spans)))
        self.spans.append((self.now, self.now + length))

    def finish(self) -> int:
        self.now, number = heappop(self.running)
        return number

    def busy_share(self, workers: int) -> float:
        last_start = self.spans[-1][0]
        busy = sum(min(end, last_start) - start for start, end in self.spans)
        return busy / (workers * last_start) if last_start > 0 else 1.0


def run(searcher: Searcher, task: Task, *, seed: int, workers: int, trials: int) -> Run:
    """A whole search. `seed` is of the noise and the durations. Raises RuntimeError if it waits for nothing."""
    clock, tried = _Clockwork(), Counter[int]()
    configurations: list[int] = []
    losses: list[float] = []
    while len(losses) < trials or clock.running:
        hparams = searcher.ask() if len(clock.running) < workers and len(losses) < trials else None
        if hparams is not None:
            configuration = task.configuration(hparams)
            losses.append(observed(task, seed, configuration=configuration, again=tried[configuration]))
            configurations.append(configuration)
            tried[configuration] += 1
            clock.start(duration(task, seed, configuration=configuration))
        elif clock.running:
            number = clock.finish()
            searcher.tell(number, losses[number])
        else:
            raise RuntimeError(f"the search waits after {len(losses)} of {trials} trials, but no trial is running")
    return Run(configurations, losses, clock.busy_share(workers))
