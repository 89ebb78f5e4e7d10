"""Trials of any hyperparameters, trained in as few stacks as can be, and a search that trains so in this process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bench import ours
from bench.quality.world import Searcher
from service.samplers.streams import trial_seed
from trainer.hyperparameters import stack_key
from trainer.split import Split
from trainer.stack import Member


@dataclass(frozen=True)
class Training:
    """What trials are trained on, and the metric that is to be maximised."""

    split: Split
    metric: str

    def losses(self, members: Sequence[Member]) -> list[float]:
        """-metric of each at its end; infinite for one that diverged."""
        losses: dict[int, float] = {}

        def key(place: int) -> str:
            return stack_key(members[place].hparams)

        for _, group in groupby(sorted(range(len(members)), key=key), key=key):
            places = list(group)
            reports = ours.last_reports(self.split, [members[place] for place in places])
            for place, report in zip(places, reports, strict=True):
                losses[place] = float("inf") if report.is_diverged else -report.metrics[self.metric]
        return [losses[place] for place in range(len(members))]


@dataclass(frozen=True)
class Searched:
    """All trials of a search by number."""

    points: Sequence[Mapping[str, Any]]
    losses: Sequence[float]


def search(searcher: Searcher, training: Training, *, seed: int, trials: int, at_once: int) -> Searched:
    """A whole search, up to `at_once` trials at once; each trial's seed is the one that the server would give it."""
    points: list[Mapping[str, Any]] = []
    losses: list[float] = []
    while len(points) < trials:
        points += _due(searcher, most=min(at_once, trials - len(points)))
        numbers = range(len(losses), len(points))
        members = [Member(dict(points[number]), trial_seed(seed=seed, number=number)) for number in numbers]
        losses += training.losses(members)
        for number in numbers:
            searcher.tell(number, losses[number])
    return Searched(points, losses)


def _due(searcher: Searcher, *, most: int) -> list[Mapping[str, Any]]:
    """What can be trained at once. Raises RuntimeError if there is nothing, while everything asked for has finished."""
    points: list[Mapping[str, Any]] = []
    while len(points) < most and (hparams := searcher.ask()) is not None:
        points.append(hparams)
    if not points:
        raise RuntimeError("the search waits, but all of its trials have finished")
    return points
