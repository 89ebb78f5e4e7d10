"""What the rig's workers compute: a pure function of hyperparameters, seed and step, which the checker repeats."""

import math
import random
from collections.abc import Mapping
from typing import Any

from caviar.numbers import to_wire

TRAINER = "chaos"
METRIC = "loss"
SPACE: dict[str, Any] = {
    "rate": {"low": 1e-4, "high": 1.0, "scale": "log"},
    "units": {"low": 10, "high": 100, "type": "int"},
    "kind": {"values": ["a", "b", "c"]},
    "depth": {"low": 0.0, "high": 1.0, "when": {"kind": ["a", "b"]}},
    "steps": {"values": [4, 6, 8]},
}
BREAKS_AT = 2
"""The step in which some hyperparameters raise."""
Metrics = dict[str, float]


class Broken(ValueError):
    """What the training code raises for some hyperparameters: the trial's result, never retried."""


def steps(hparams: Mapping[str, Any]) -> int:
    return int(hparams["steps"])


def metrics(hparams: Mapping[str, Any], *, seed: int, step: int) -> Metrics:
    """Of one step. Raises Broken; NaN from the third step on where the rate is too high."""
    if step == BREAKS_AT and (reason := breaks(hparams)):
        raise Broken(reason)
    if step > 2 and hparams["rate"] > 0.5:
        return {METRIC: math.nan, "cost": math.inf}
    bowl = abs(math.log10(hparams["rate"]) + 2) + abs(hparams["units"] - 40) / 60 + (hparams["kind"] != "b")
    noise = random.Random(f"{seed}/{step}").gauss(0, 0.3)
    value = bowl + hparams.get("depth", 0.5) + (1 + noise) / step
    return {METRIC: value, "cost": value * value + step}


def breaks(hparams: Mapping[str, Any]) -> str | None:
    """Why these hyperparameters raise in step BREAKS_AT; None where they do not."""
    return f"no network has {hparams['units']} units" if hparams["units"] % 10 == 7 else None


def final(hparams: Mapping[str, Any], *, seed: int) -> Metrics:
    """What the finish says: for every other number of units the value too, which then outweighs the last report's."""
    last = metrics(hparams, seed=seed, step=steps(hparams))[METRIC]
    return {"test": last + 1} if hparams["units"] % 2 else {"test": last + 1, METRIC: last - 0.125}


def result(hparams: Mapping[str, Any], *, seed: int) -> Metrics:
    """The metrics of a completed trial: its last report's, and over them its finish's."""
    return {**metrics(hparams, seed=seed, step=steps(hparams)), **final(hparams, seed=seed)}


def wire(metrics: Mapping[str, float]) -> dict[str, float | str]:
    """Metrics as JSON says them; in this form NaN equals itself."""
    return {name: to_wire(value) for name, value in metrics.items()}


def outside(hparams: Mapping[str, Any]) -> str | None:
    """Why these hyperparameters are not of the space; written down apart from the server's own reader of spaces."""
    wanted = {"rate", "units", "kind", "steps"} | ({"depth"} if hparams.get("kind") in ("a", "b") else set())
    if set(hparams) != wanted:
        return f"its parameters are {sorted(hparams)}, not {sorted(wanted)}"
    is_whole = type(hparams["units"]) is int and hparams["kind"] in ("a", "b", "c") and hparams["steps"] in (4, 6, 8)
    is_inside = 1e-4 <= hparams["rate"] <= 1.0 and 10 <= hparams["units"] <= 100 and 0 <= hparams.get("depth", 0) <= 1
    return None if is_whole and is_inside else f"{dict(hparams)} is outside the space"
