"""How batch normalisation regularises, and that it does so less the larger the batch.

A batch's own moments are a noisy estimate, and that noise regularises as dropout does. It falls with the batch; so the
gap between dev and train cost grows with the batch where the network normalises, and stays where it does not. The
number of steps is the same for every batch size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from bench import ours
from bench.recipe import Recipe
from bench.reporting import table
from trainer.split import Split

STEPS = 500
BATCH_SIZES = (16, 64, 256)
SEEDS = range(10)


@dataclass(frozen=True)
class Gap:
    """Dev cost - train cost after STEPS steps, the mean over the seeds."""

    batch_size: int
    normalised: float
    plain: float


def gaps(split: Split) -> list[Gap]:
    return [Gap(size, _gap(split, size, True), _gap(split, size, False)) for size in BATCH_SIZES]


def gap_table(found: Sequence[Gap]) -> str:
    rows = [[str(gap.batch_size), f"{gap.normalised:.3f}", f"{gap.plain:.3f}"] for gap in found]
    return table(["batch", "dev - train cost, batch norm", "without"], rows)


def _gap(split: Split, batch_size: int, has_batch_norm: bool) -> float:
    steps_per_epoch = -(-len(split.train.y) // batch_size)
    recipe = Recipe(
        hidden=(64,), batch_size=batch_size, epochs=round(STEPS / steps_per_epoch), has_batch_norm=has_batch_norm
    )
    reports = ours.last_reports(split, ours.stack_of(recipe, SEEDS))
    return mean(report.metrics["dev_cost"] - report.metrics["train_cost"] for report in reports)
