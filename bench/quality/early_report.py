"""What the searches under stopping rules say: how many epochs a method takes to what both single ones reach."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.quality.early import Array, Path
from bench.reporting import table

SINGLE = ("zoom", "random_asha")
"""The zoom alone and the rule alone: what they are together is held against them."""
Found = Mapping[str, Mapping[str, Sequence[Path]]]
"""By data set and method, one path per seed."""


def early_table(found: Found) -> str:
    """By data set and method: means over the seeds, the test metric with its standard deviation."""
    headings = ["test metric in hand", "method", "at the end", "epochs", "trials", "stopped", "target", "epochs to it"]
    return table(headings, [_row(dataset, name, found[dataset]) for dataset in found for name in found[dataset]])


def _row(dataset: str, name: str, methods: Mapping[str, Sequence[Path]]) -> list[str]:
    paths = methods[name]
    last = np.array([path.test[-1] for path in paths])
    counts = (np.mean(each) for each in zip(*map(_counts, paths), strict=True))
    to_target = epochs_to(paths, target(methods))
    return [
        dataset,
        name,
        f"{last.mean():.4f} ± {last.std():.4f}",
        *(f"{count:.0f}" for count in counts),
        f"{target(methods):.4f}",
        "-" if to_target is None else f"{to_target:.0f}",
    ]


def _counts(path: Path) -> tuple[float, int, int]:
    return path.epochs[-1], len(path.epochs), path.stopped


def final(paths: Sequence[Path]) -> float:
    """The mean over the seeds at the end."""
    return float(curve(paths, np.array([np.inf]))[0])


def target(methods: Mapping[str, Sequence[Path]]) -> float:
    """What both single methods reach: the worse of what they have at their ends."""
    return min(final(methods[name]) for name in SINGLE)


def curve(paths: Sequence[Path], epochs: Array) -> Array:
    """The mean over the seeds after so many epochs, (E,); NaN where one has nothing yet."""
    return np.asarray(np.mean([path.at(epochs) for path in paths], axis=0))


def epochs_to(paths: Sequence[Path], target: float) -> float | None:
    """After so many epochs the mean over the seeds first is at the target; None if it never is."""
    epochs = np.unique(np.concatenate([path.epochs for path in paths]))
    reached = epochs[curve(paths, epochs) >= target]
    return float(reached[0]) if len(reached) else None


def ratio(found: Found, name: str) -> float | None:
    """Epochs to the target / those of the zoom alone, the geometric mean over the data sets; None if one never is."""
    pairs = [[epochs_to(methods[side], target(methods)) for side in (name, "zoom")] for methods in found.values()]
    ratios = [mine / zoom for mine, zoom in pairs if mine is not None and zoom is not None]
    return float(np.exp(np.log(ratios).mean())) if len(ratios) == len(pairs) else None


def figures(found: Found) -> dict[str, Any]:
    """For the last line."""
    names = next(iter(found.values()))
    return {
        "epochs_to_target": {name: ratio(found, name) for name in names},
        "epochs": {dataset: {name: _epochs(paths) for name, paths in found[dataset].items()} for dataset in found},
        "final": {dataset: {name: final(paths) for name, paths in found[dataset].items()} for dataset in found},
    }


def _epochs(paths: Sequence[Path]) -> float:
    """Spent by a whole search, the mean over the seeds."""
    return float(np.mean([path.epochs[-1] for path in paths]))
