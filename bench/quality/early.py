"""Searches with real training under stopping rules: what is the best network in hand after so many epochs?

Searches of one process train their trials together, in stacks as large as can be; no search knows of another, and a
trial gives the same numbers in any stack.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt

from bench.quality import ours
from bench.quality.curves import Ended, Watched, train
from bench.quality.referee import Referee, Refereed
from bench.quality.training import VARYING
from bench.real_data import real_table
from bench.stacked import Training
from bench.threads import PROCESSES
from caviar.parameters import Choice
from caviar.space import Hyperparameters, Space
from caviar.spec import SamplerName, SamplerSpec
from caviar.stopping import AshaStopping, MedianStopping, NoStopping
from service.samplers.streams import trial_seed
from service.stopping.registry import rule_for
from trainer.datasets import Table
from trainer.hyperparameters import find
from trainer.shuffle import split_rows
from trainer.split import Shares, split_table
from trainer.stack import Member

Array = npt.NDArray[np.float64]
AT_ONCE = 8
EPOCHS = 27
SPACE = Space(
    {
        **VARYING,
        # Few widths and batch sizes, so that many networks have one shape and are trained as one array.
        "hidden_units": Choice(values=[16, 32, 64, 128]),
        "batch_size": Choice(values=[64, 128, 256]),
        "epochs": EPOCHS,
    }
)
DEFAULTS = {name: row.default for name in VARYING if (row := find(name)) is not None}


@dataclass(frozen=True)
class Problem:
    """A data set: so many examples, of which these shares are dev and test, and the metric to maximise.

    Dev and test are large, train is small: trainings are short, and small differences can still be told.
    """

    dataset: str
    examples: int
    metric: str = "dev_accuracy"
    dev: float = 1 / 6
    test: float = 1 / 2

    def training(self) -> Training:
        """On the same split for every search. Raises NotHere."""
        table = real_table(self.dataset)
        rows, _ = split_rows(len(table.y), held_out=len(table.y) - self.examples, seed=0)
        some = Table(table.x[rows], table.y[rows], table.class_names)
        return Training(split_table(some, seed=0, shares=Shares(self.dev, self.test)), self.metric)


PROBLEMS = (
    Problem("spambase", 4601, dev=0.2, test=0.4),
    Problem("letter", 6000),
    Problem("california_housing", 6000, metric="dev_r2"),
)


@dataclass(frozen=True)
class Method:
    """`share`: trials of a search for each of one that stops nobody."""

    sampler: SamplerName
    stopping: NoStopping | MedianStopping | AshaStopping
    share: float = 1.0


METHODS = {
    "zoom": Method(SamplerName.ZOOM, NoStopping()),
    "random_asha": Method(SamplerName.RANDOM, AshaStopping(), share=2),
    "zoom_asha": Method(SamplerName.ZOOM, AshaStopping(), share=2),
    "zoom_median": Method(SamplerName.ZOOM, MedianStopping(), share=1),
}


class Search:
    """One method's search on one seed. `ended` and `points` are by number."""

    def __init__(self, method: Method, *, seed: int, trials: int) -> None:
        self.seed, self.trials = seed, round(method.share * trials)
        sampler = ours.Sampler(SPACE, SamplerSpec(name=method.sampler), seed, self.trials, defaults=DEFAULTS)
        self._referee = Referee(rule_for(method.stopping), exempt=sampler.confirming)
        planner = Refereed(sampler, self._referee)
        self._rounds = ours.Rounds(planner, parallel=AT_ONCE, trials=self.trials)
        self.points: list[Hyperparameters] = []
        self.ended: list[Ended] = []

    def due(self) -> list[Watched]:
        """What can be trained now; empty once the search is over."""
        while len(self.points) < self.trials and (hparams := self._rounds.ask()) is not None:
            self.points.append(dict(hparams))
        return [self._watched(number) for number in range(len(self.ended), len(self.points))]

    def _watched(self, number: int) -> Watched:
        member = Member(dict(self.points[number]), trial_seed(seed=self.seed, number=number))
        return Watched(member, partial(self._referee.stops, number))

    def tell(self, ended: Sequence[Ended]) -> None:
        for end in ended:
            self._rounds.tell(len(self.ended), end.loss, stopped_at=end.epochs if end.is_stopped else None)
            self.ended.append(end)


def run_together(searches: Sequence[Search], training: Training) -> None:
    """Each to its end."""
    while any(dues := [search.due() for search in searches]):
        ended = iter(train(training, [trial for due in dues for trial in due]))
        for search, due in zip(searches, dues, strict=True):
            search.tell([next(ended) for _ in due])


@dataclass(frozen=True)
class Path:
    """What a search had in hand: `test` (N,) is the test metric, after `epochs` (N,) rising epochs in all, of the
    network with the best dev metric so far that ran to its end; NaN while there is none.
    """

    epochs: Array
    test: Array
    stopped: int

    def at(self, epochs: Array) -> Array:
        """The test metric in hand after so many epochs, (E,)."""
        place = np.searchsorted(self.epochs, epochs, side="right") - 1
        return np.where(place < 0, np.nan, self.test[place])


def path(ended: Sequence[Ended]) -> Path:
    """Epochs are counted in the order of the trials' numbers."""
    best, test = float("inf"), []
    for end in ended:
        if end.test is not None and end.loss < best:
            best, in_hand = end.loss, -end.test
        test.append(in_hand if best < float("inf") else float("nan"))
    epochs = np.cumsum([end.epochs for end in ended]).astype(np.float64)
    return Path(epochs, np.array(test), sum(end.is_stopped for end in ended))


@dataclass(frozen=True)
class Job:
    problem: Problem
    seeds: Sequence[int]
    trials: int


def paths(job: Job) -> dict[str, list[Path]]:
    """By method, one per seed."""
    searches = {
        name: [Search(method, seed=seed, trials=job.trials) for seed in job.seeds] for name, method in METHODS.items()
    }
    run_together([search for some in searches.values() for search in some], job.problem.training())
    return {name: [path(search.ended) for search in some] for name, some in searches.items()}


def all_paths(problems: Sequence[Problem], *, seeds: int, trials: int) -> dict[str, dict[str, list[Path]]]:
    """By data set and method, one per seed."""
    parts = [list(range(seeds))[start::PROCESSES] for start in range(PROCESSES)]
    jobs = [Job(problem, part, trials) for problem in problems for part in parts if part]
    with get_context("fork").Pool(PROCESSES) as pool:
        found = pool.map(paths, jobs, chunksize=1)
    return {problem.dataset: _joined(problem, jobs, found) for problem in problems}


def _joined(problem: Problem, jobs: Sequence[Job], found: Sequence[Mapping[str, list[Path]]]) -> dict[str, list[Path]]:
    mine = [each for job, each in zip(jobs, found, strict=True) if job.problem == problem]
    return {name: [one for each in mine for one in each[name]] for name in METHODS}
