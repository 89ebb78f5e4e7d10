"""Our side: stacks of networks, through the same call that a worker makes."""

import math
from collections.abc import Sequence

from bench.recipe import Recipe
from trainer.split import Split
from trainer.stack import Member
from trainer.training import Report, run


def stack_of(recipe: Recipe, seeds: Sequence[int]) -> list[Member]:
    """K networks that differ in their seed alone."""
    return [Member(recipe.hparams(), seed) for seed in seeds]


def train(split: Split, members: Sequence[Member], *, watching: Sequence[str] = ("train", "dev")) -> list[float]:
    """The dev accuracy of each member after its last epoch, 0 for one that diverged.

    Evaluates after every epoch what is watched, by default what a worker watches, and everything after the last.
    """
    return [_accuracy(report) for report in last_reports(split, members, watching=watching)]


def last_reports(
    split: Split, members: Sequence[Member], *, watching: Sequence[str] = ("train", "dev")
) -> list[Report]:
    """What each member says when it has finished, in their order."""
    each = (report for reports in run(split, members, watching=watching) for report in reports)
    last = {report.member: report for report in each if report.is_finished}
    return [last[place] for place in range(len(members))]


def _accuracy(report: Report) -> float:
    accuracy = report.metrics["dev_accuracy"]
    return accuracy if math.isfinite(accuracy) else 0.0
