"""What is left to chance in a run, so that it is the same for every method: results' noise and trials' durations.

Both depend on the task, the run's seed and the configuration alone (and the noise on how often it was tried before), so
two methods that try the same configuration in runs of the same seed see the same value: the runs are paired.
"""

import math
import zlib
from enum import IntEnum
from statistics import NormalDist

import numpy as np

from bench.quality.tasks import Task

SIGMA = 0.5
"""Of the logarithm of a duration: one trial in six takes more than 1.65 times as long as the typical one."""


class _Purpose(IntEnum):
    NOISE = 0
    DURATION = 1


def _uniform(task: Task, seed: int, *, configuration: int, purpose: _Purpose, again: int = 0) -> float:
    """A number in (0, 1) with 53 random bits."""
    name = zlib.crc32(task.name.encode())
    generator = np.random.Philox(key=[seed, configuration], counter=[0, again, name, purpose])
    return ((int(generator.random_raw()) >> 11) + 0.5) * 2.0**-53


def observed(task: Task, seed: int, *, configuration: int, again: int) -> float:
    """The loss of one of the configuration's trainings, picked at random; `again`: how often it was tried before."""
    u = _uniform(task, seed, configuration=configuration, purpose=_Purpose.NOISE, again=again)
    return float(task.losses[configuration, int(u * task.losses.shape[1])])


def duration(task: Task, seed: int, *, configuration: int) -> float:
    """How long a trial takes: log-normal with median 1, the same each time."""
    u = _uniform(task, seed, configuration=configuration, purpose=_Purpose.DURATION)
    return math.exp(SIGMA * NormalDist().inv_cdf(u))
