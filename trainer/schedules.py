"""Learning rate decay by name: what the learning rate is multiplied by in an epoch.

Notation: t epochs are behind, counted from 0; the rate is decay_rate, T all epochs of the trial.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

SCHEDULES: Mapping[str, Callable[[int, Mapping[str, Any]], float]] = {
    "none": lambda t, hparams: 1.0,
    "inverse_time": lambda t, hparams: 1 / (1 + hparams["decay_rate"] * t),
    # The course's 0.95^t is a decay_rate of 0.05.
    "exponential": lambda t, hparams: _left(hparams) ** t,
    # k / sqrt(epoch) with epochs from 1, where k is the learning rate.
    "inverse_sqrt": lambda t, hparams: 1 / math.sqrt(t + 1),
    "staircase": lambda t, hparams: _left(hparams) ** (t // hparams["decay_epochs"]),
    # Loshchilov and Hutter 2017, equation 5, without restarts and down to 0 after the last epoch.
    "cosine": lambda t, hparams: (1 + math.cos(math.pi * min(1.0, t / hparams["epochs"]))) / 2,
}


def learning_rate(hparams: Mapping[str, Any], *, epoch: int) -> float:
    """The learning rate of the epoch that has `epoch` epochs before it."""
    return float(hparams["learning_rate"] * SCHEDULES[hparams["decay"]](epoch, hparams))


def _left(hparams: Mapping[str, Any]) -> float:
    """What one epoch or stair leaves of the learning rate, from 0 to 1."""
    return max(0.0, 1 - float(hparams["decay_rate"]))
