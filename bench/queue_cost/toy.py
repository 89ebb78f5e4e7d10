"""The trials that are queued: four parameters on a log scale, drawn at random, and a value that costs nothing."""

from collections.abc import Mapping
from typing import Any

LOW, HIGH = 1e-4, 1.0
NAMES = ("p0", "p1", "p2", "p3")
METRIC = "loss"


def document(*, trainer: str, trials: int, parallel: int) -> dict[str, Any]:
    """The spec. `trainer`: a name that only the workers of this search bear, so that they share it with nobody."""
    return {
        "name": "queue cost",
        "trainer": trainer,
        "metric": METRIC,
        "goal": "minimize",
        "space": {name: {"low": LOW, "high": HIGH, "scale": "log"} for name in NAMES},
        "sampler": {"name": "random"},
        "trials": trials,
        "parallel": parallel,
    }


def loss(hparams: Mapping[str, Any]) -> float:
    return sum(float(hparams[name]) for name in NAMES)
