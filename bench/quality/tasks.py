"""A task: a table that says what training would have given, for every configuration of a grid and several seeds.

Notation: A axes with n_1 … n_A values, C = n_1 ⋯ n_A configurations numbered in row-major order, S seeds of training.
Protocol: a draw u in [0, 1) of an ordered axis with n values means value floor(u n); an unordered axis is a choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from caviar.parameters import Choice, Range
from caviar.space import Space


@dataclass(frozen=True)
class Axis:
    """One hyperparameter of a table. `values` are the names to choose from; None where the axis is ordered."""

    name: str
    levels: int
    values: tuple[str, ...] | None = None

    def level(self, drawn: float | str) -> int:
        """Which value of the grid a draw means; a float of exactly 1, which some peers draw, means the last."""
        if self.values is not None:
            return self.values.index(str(drawn))
        return min(int(float(drawn) * self.levels), self.levels - 1)


@dataclass(frozen=True)
class Task:
    """`losses` (C, S): what training gave, lower is better, for every configuration and each of its seeds."""

    name: str
    axes: Sequence[Axis]
    losses: npt.NDArray[np.float64]

    @cached_property
    def means(self) -> npt.NDArray[np.float64]:
        """(C,): the true quality of each configuration."""
        means: npt.NDArray[np.float64] = self.losses.mean(axis=1)
        return means

    @cached_property
    def regrets(self) -> npt.NDArray[np.float64]:
        """(C,): (mean - optimum of the means) / (median of the means - optimum): 0 is the best there is, 1 typical."""
        optimum = self.means.min()
        regrets: npt.NDArray[np.float64] = (self.means - optimum) / (np.median(self.means) - optimum)
        return regrets

    @cached_property
    def space(self) -> Space:
        """As a search spec says it: ordered axes are floats from 0 to 1, the others choices."""
        return Space({axis.name: _parameter(axis) for axis in self.axes})

    @cached_property
    def _strides(self) -> list[int]:
        sizes = [axis.levels for axis in self.axes]
        return [int(np.prod(sizes[place + 1 :])) for place in range(len(sizes))]

    def configuration(self, hparams: Mapping[str, Any]) -> int:
        """The number of the configuration that a draw means."""
        return sum(
            axis.level(hparams[axis.name]) * stride for axis, stride in zip(self.axes, self._strides, strict=True)
        )


def _parameter(axis: Axis) -> Range | Choice:
    return Range(low=0.0, high=1.0) if axis.values is None else Choice(values=list(axis.values))


def regret(task: Task, configurations: Sequence[int], observed: Sequence[float]) -> float:
    """Of a search's trials: the true regret of the configuration with the best observed value, the first of equals."""
    return float(task.regrets[configurations[int(np.argmin(observed))]])


def shared_regret(task: Task, configurations: Sequence[int], observed: Sequence[float]) -> float:
    """As `regret`, but the mean over all trials with the best observed value.

    Where scores have a ceiling that one trial in eight observes, the first of equals is found within ten trials, and
    nothing that a search does later would count.
    """
    is_best = np.asarray(observed) == np.min(observed)
    return float(task.regrets[np.asarray(configurations)[is_best]].mean())
