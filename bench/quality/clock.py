"""How long a search computes for one suggestion: asking and telling, by the number of results that it has.

Measured in a process that does nothing else; the searches take turns, task after task.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.quality.methods import METHODS
from bench.quality.tasks import Task
from bench.quality.world import Searcher, run

WINDOW = 12
"""The mean over so many suggestions before each budget: three whole rounds of 4, of which the first computes all."""


class Clocked:
    """Another searcher with a clock."""

    def __init__(self, searcher: Searcher) -> None:
        self._searcher = searcher
        self.seconds: list[float] = []
        """By number of the trial; what is told counts for the trial that is asked for next."""
        self._so_far = 0.0

    def ask(self) -> Mapping[str, Any] | None:
        started = time.perf_counter()
        hparams = self._searcher.ask()
        self._so_far += time.perf_counter() - started
        if hparams is not None:
            self.seconds.append(self._so_far)
            self._so_far = 0.0
        return hparams

    def tell(self, number: int, loss: float) -> None:
        started = time.perf_counter()
        self._searcher.tell(number, loss)
        self._so_far += time.perf_counter() - started


def milliseconds(
    tasks: Sequence[Task], methods: Sequence[str], *, seeds: int, budgets: Sequence[int]
) -> dict[str, dict[int, float]]:
    """By method and budget: the median over tasks and seeds."""
    found: dict[str, list[list[float]]] = {method: [] for method in methods}
    for seed in range(seeds):
        for task in tasks:
            for method in methods:
                found[method].append(_one(task, method, seed=seed, budgets=METHODS[method].budgets(budgets)))
    return {
        method: dict(zip(METHODS[method].budgets(budgets), np.median(found[method], axis=0).tolist(), strict=True))
        for method in methods
    }


def _one(task: Task, name: str, *, seed: int, budgets: Sequence[int]) -> list[float]:
    method = METHODS[name]
    searcher = Clocked(method.make(task, seed, max(budgets)))
    run(searcher, task, seed=seed, workers=method.workers, trials=max(budgets))
    return [1000 * float(np.mean(searcher.seconds[max(0, budget - WINDOW) : budget])) for budget in budgets]
