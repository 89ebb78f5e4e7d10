"""Searches with real training: 8 trials at once, trained as stacks, by our zoom and by Optuna's TPE.

Optuna sees all that has finished when it is asked for the next 8; ours by its own rule only rounds up to two before.
A search is judged as on the tables: by the true quality of the trial with the best observed value, here the mean of
REPEATS trainings with fresh seeds on the same split, the same seeds for both sides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt

from bench.peers.optuna_samplers import Study
from bench.quality import ours
from bench.quality.training import PROBLEMS, Problem
from bench.quality.world import Searcher
from bench.stacked import Training, search
from bench.threads import PROCESSES
from caviar.spec import SamplerSpec
from service.samplers.opening import nearest
from service.samplers.streams import trial_seed
from trainer.stack import Member

AT_ONCE = 8
REPEATS = 5
FRESH = 1_000_000
"""The numbers of the repeats begin here, far from any trial's."""
SIDES = ("zoom", "tpe")


@dataclass(frozen=True)
class Found:
    """A search's best trial: its metric when it was seen, and the mean of its metric over the repeats."""

    seen: float
    true: float


@dataclass(frozen=True)
class Job:
    side: str
    problem: int
    seed: int
    trials: int


def searcher_for(side: str, problem: Problem, *, seed: int, trials: int) -> Searcher:
    """Both begin with the trainer's defaults, as the product does: the first guess of anybody who knows the trainer."""
    if side == "zoom":
        planner = ours.Sampler(problem.space, SamplerSpec(), seed, trials, defaults=problem.defaults)
        return ours.Rounds(planner, parallel=AT_ONCE, trials=trials)
    study = Study(problem.space, side, seed=seed, workers=AT_ONCE)
    study.start_with(nearest(problem.space, problem.defaults))
    return study


def found(searcher: Searcher, training: Training, *, seed: int, trials: int) -> Found:
    """The best of a whole search."""
    searched = search(searcher, training, seed=seed, trials=trials, at_once=AT_ONCE)
    best = int(np.argmin(searched.losses))
    again = [Member(dict(searched.points[best]), trial_seed(seed=seed, number=FRESH + k)) for k in range(REPEATS)]
    return Found(-searched.losses[best], -float(np.mean(training.losses(again))))


def _do(job: Job) -> Found:
    problem = PROBLEMS[job.problem]
    searcher = searcher_for(job.side, problem, seed=job.seed, trials=job.trials)
    return found(searcher, problem.training(), seed=job.seed, trials=job.trials)


def all_searches(*, seeds: int, trials: int) -> dict[str, dict[str, npt.NDArray[np.float64]]]:
    """By data set and side: (seeds, 2), what was seen and what is true of each search's best trial."""
    jobs = [
        Job(side, problem, seed, trials) for problem in range(len(PROBLEMS)) for seed in range(seeds) for side in SIDES
    ]
    with get_context("fork").Pool(PROCESSES) as pool:
        bests = dict(zip(jobs, pool.map(_do, jobs, chunksize=1), strict=True))
    return {
        problem.dataset: {side: _rows(bests, side, place) for side in SIDES} for place, problem in enumerate(PROBLEMS)
    }


def _rows(bests: Mapping[Job, Found], side: str, problem: int) -> npt.NDArray[np.float64]:
    mine: Sequence[Found] = [best for job, best in bests.items() if (job.side, job.problem) == (side, problem)]
    return np.array([[best.seen, best.true] for best in mine])
