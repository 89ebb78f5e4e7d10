"""All runs of some methods: every task and seed, in several processes, as one table of regrets per method."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt

from bench.quality.methods import METHODS
from bench.quality.tasks import Task, regret, shared_regret
from bench.quality.world import run
from bench.threads import PROCESSES


@dataclass(frozen=True)
class Runs:
    """`regrets`, `shared` (tasks, seeds, budgets) of one method: judged by the first of equals, and by all of them.

    `utilisation`: the mean over its longest searches.
    """

    method: str
    budgets: Sequence[int]
    regrets: npt.NDArray[np.float64]
    shared: npt.NDArray[np.float64]
    utilisation: float

    def at(self, budget: int) -> npt.NDArray[np.float64]:
        """(tasks, seeds)."""
        regrets: npt.NDArray[np.float64] = self.regrets[:, :, self.budgets.index(budget)]
        return regrets


@dataclass(frozen=True)
class Outcome:
    """One seed's regrets by budget, and the utilisation of the longest search."""

    regrets: Sequence[float]
    shared: Sequence[float]
    utilisation: float


@dataclass(frozen=True)
class Job:
    method: str
    task: int
    seed: int
    budgets: Sequence[int]


_TASKS: list[Task] = []
"""Of this process: filled once when it starts, so that the tables are not sent with each job."""


def _begin(tasks: Sequence[Task]) -> None:
    _TASKS[:] = tasks


def _do(job: Job) -> Outcome:
    return outcome(job, _TASKS[job.task])


def outcome(job: Job, task: Task) -> Outcome:
    """One search for the largest budget, whose first trials are those of the smaller ones, where that is so.

    Trials are numbered as they are asked for, and what was asked for cannot depend on what is asked later: the first b
    trials of a search are the search with budget b, unless the method looks at its budget.
    """
    method, longest = METHODS[job.method], max(job.budgets)
    searches = {}
    for trials in sorted({*job.budgets} if method.is_budgeted else {longest}):
        searcher = method.make(task, job.seed, trials)
        searches[trials] = run(searcher, task, seed=job.seed, workers=method.workers, trials=trials)
    found = [searches.get(budget, searches[longest]).first(budget) for budget in job.budgets]
    regrets, shared = ([judge(task, *trials) for trials in found] for judge in (regret, shared_regret))
    return Outcome(regrets, shared, searches[longest].utilisation)


def all_runs(
    tasks: Sequence[Task], methods: Iterable[str], *, seeds: int, slow_seeds: int, budgets: Sequence[int]
) -> Iterator[Runs]:
    """One method after the other, in PROCESSES; slow ones have `slow_seeds` and fewer budgets."""
    with get_context("fork").Pool(PROCESSES, _begin, [tasks]) as pool:
        for name in methods:
            method = METHODS[name]
            own_budgets, own_seeds = method.budgets(budgets), slow_seeds if method.most_trials else seeds
            jobs = [Job(name, task, seed, own_budgets) for task in range(len(tasks)) for seed in range(own_seeds)]
            outcomes = pool.map(_do, jobs, chunksize=1)
            regrets, shared = (
                np.array([getattr(outcome, rule) for outcome in outcomes]).reshape(len(tasks), own_seeds, -1)
                for rule in ("regrets", "shared")
            )
            utilisation = float(np.mean([outcome.utilisation for outcome in outcomes]))
            yield Runs(name, own_budgets, regrets, shared, utilisation)
