"""What the searches with real training say: who found the better networks."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from bench.quality.real import SIDES
from bench.reporting import table

Found = Mapping[str, Mapping[str, npt.NDArray[np.float64]]]
"""By data set and side (seeds, 2): what was seen and what is true of each search's best trial."""


def real_table(found: Found) -> str:
    """Means over the seeds and their standard deviation; the verdict is on what is true."""
    headings = ["true metric of the best", *SIDES, "seen by each", "", "difference", "verdict"]
    return table(headings, [_row(dataset, sides) for dataset, sides in found.items()])


def _row(dataset: str, sides: Mapping[str, npt.NDArray[np.float64]]) -> list[str]:
    true = [f"{sides[side][:, 1].mean():.4f} ± {sides[side][:, 1].std(ddof=1):.4f}" for side in SIDES]
    seen = [f"{sides[side][:, 0].mean():.4f}" for side in SIDES]
    mean, error = difference(sides)
    return [dataset, *true, *seen, f"{mean:+.4f} ± {error:.4f}", verdict(mean, error)]


def difference(sides: Mapping[str, npt.NDArray[np.float64]]) -> tuple[float, float]:
    """Ours - peer's true metric, paired by seed: the mean and its standard error."""
    ours, peer = (sides[side][:, 1] for side in SIDES)
    return float((ours - peer).mean()), float((ours - peer).std(ddof=1) / np.sqrt(len(ours)))


def verdict(mean: float, error: float) -> str:
    """Worse or better only where the difference is larger than its standard error."""
    if abs(mean) <= error:
        return "level"
    return "better" if mean > 0 else "WORSE"


def figures(found: Found) -> dict[str, object]:
    """For the last line: the true metric of both sides, and the difference with its standard error."""
    return {
        dataset: {side: float(sides[side][:, 1].mean()) for side in SIDES}
        | dict(zip(("difference", "error"), difference(sides), strict=True))
        | {"verdict": verdict(*difference(sides))}
        for dataset, sides in found.items()
    }
