"""What running a trial again has shown: its mean, its spread, and the chance that it is only lucky. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import frexp, ldexp, sqrt
from statistics import fmean, stdev
from sys import float_info

from caviar.states import Goal
from service.lifecycle import score_of


@dataclass(frozen=True)
class Confirmed:
    """`spread`: the standard deviation between runs. `luck`: None while no other trial was run again."""

    runs: int
    mean: float
    spread: float
    luck: float | None


def confirmed(trial: int, values: Mapping[int, Sequence[float]], *, goal: Goal) -> Confirmed | None:
    """`values`: by original trial, what it and its repetitions reached; None for one that was not run again.

    `luck` is the chance that the best of the other trials is truly better: Student's t for the difference of two means,
    with the spread that all repeated trials have in common. The originals were chosen for being good, which flatters
    all of them alike.
    """
    repeated = {number: runs for number, runs in values.items() if len(runs) > 1}
    if trial not in repeated:
        return None
    # Values may be as large as floats are, and squares of them larger; luck depends on no unit.
    unit = ldexp(0.5, frexp(max(abs(run) for runs in repeated.values() for run in runs))[1])
    repeated = {number: [run / unit for run in runs] for number, runs in repeated.items()}
    mine = repeated[trial]
    means = {number: score_of(fmean(runs), goal) for number, runs in repeated.items()}
    others = [number for number in repeated if number != trial]
    rival = min(others, key=lambda number: means[number], default=None)
    luck = None if rival is None else _chance(means[trial] - means[rival], [*repeated.values()], mine, repeated[rival])
    spread = min(stdev(mine) * unit, float_info.max)
    return Confirmed(runs=len(mine), mean=fmean(mine) * unit, spread=spread, luck=luck)


def _chance(
    difference: float, groups: Sequence[Sequence[float]], mine: Sequence[float], theirs: Sequence[float]
) -> float:
    """That the mean behind `theirs` is better, when mine was found worse by `difference`."""
    freedom = sum(len(runs) - 1 for runs in groups)
    variance = sum((len(runs) - 1) * stdev(runs) ** 2 for runs in groups) / freedom
    error = sqrt(variance * (1 / len(mine) + 1 / len(theirs)))
    if error == 0.0:
        return 0.5 if difference == 0.0 else float(difference > 0.0)
    from scipy.special import stdtr

    return float(stdtr(freedom, difference / error))
