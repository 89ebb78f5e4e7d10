"""How far dev cost lies above train cost after training with batches of several sizes, with and without batch norm.

A batch's own moments are a noisy estimate, and that noise is said to regularise, less the larger the batch. If so, the
gap grows with the batch where the network normalises, and more than where it does not.

The number of steps is the same for every batch size, so a larger batch means more epochs: that widens the gap by
itself, and the column without batch normalisation is there to show by how much. Single networks differ a lot, so each
mean comes with its standard error; differences below two of those say nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean, stdev

from bench import ours
from bench.recipe import Recipe
from bench.reporting import table
from trainer.split import Split

STEPS = 500
BATCH_SIZES = (16, 64, 256)
SEEDS = range(40)


@dataclass(frozen=True)
class Estimate:
    """A mean over the seeds, and its standard error."""

    mean: float
    error: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} +- {self.error:.3f}"


@dataclass(frozen=True)
class Gap:
    """Dev cost - train cost after STEPS steps, with batch normalisation and without."""

    batch_size: int
    normalised: Estimate
    plain: Estimate


def gaps(split: Split) -> list[Gap]:
    return [Gap(size, _gap(split, size, True), _gap(split, size, False)) for size in BATCH_SIZES]


def gap_table(found: Sequence[Gap]) -> str:
    """Means over the seeds, each with its standard error."""
    rows = [[str(gap.batch_size), str(gap.normalised), str(gap.plain)] for gap in found]
    return table(["batch", "gap with batch norm", "gap without"], rows)


def gap_figures(found: Sequence[Gap]) -> dict[str, dict[str, float]]:
    """For the last line, by batch size."""
    return {
        "batch_norm_gap": {str(gap.batch_size): gap.normalised.mean for gap in found},
        "batch_norm_gap_error": {str(gap.batch_size): gap.normalised.error for gap in found},
        "plain_gap": {str(gap.batch_size): gap.plain.mean for gap in found},
        "plain_gap_error": {str(gap.batch_size): gap.plain.error for gap in found},
    }


def estimate(values: Sequence[float]) -> Estimate:
    return Estimate(mean(values), stdev(values) / sqrt(len(values)))


def _gap(split: Split, batch_size: int, has_batch_norm: bool) -> Estimate:
    steps_per_epoch = -(-len(split.train.y) // batch_size)
    recipe = Recipe(
        hidden=(64,), batch_size=batch_size, epochs=round(STEPS / steps_per_epoch), has_batch_norm=has_batch_norm
    )
    reports = ours.last_reports(split, ours.stack_of(recipe, SEEDS))
    return estimate([report.metrics["dev_cost"] - report.metrics["train_cost"] for report in reports])
