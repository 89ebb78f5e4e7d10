"""What results say of the plane of two parameters: the mean of a Gaussian process that knows these two alone.

What the other parameters do is noise to it. Results far worse than the others count as the worst that is in view; those
without a value are left out. Where it is hardly surer than before it saw a result, it says nothing.
"""

from collections.abc import Sequence

import numpy as np

from caviar.charts.values import in_view
from caviar.parameters import Varying
from caviar.space import Space
from caviar.states import Goal
from caviar.wire.charts import SampledTrial, Surface
from service.samplers.cube import Axis, Cube
from service.samplers.gaussian_process import Array, Posterior, fit_from_json, improve

FEWEST_RESULTS = 12
MOST_RESULTS = 300
"""Half of them the best, half of them from all over."""
POINTS = 30
"""Along each side."""
_FIT_ROUNDS = 30
_UNSURE = 0.6
"""A variance above this share of the prior's is no knowledge."""


def surface(parameters: dict[str, Varying], trials: Sequence[SampledTrial], *, goal: Goal) -> Surface | None:
    """Over the first parameter (x) and the second (y); None where there are too few results, or all are the same."""
    x, y = parameters
    known = [trial for trial in trials if trial.value is not None and {x, y} <= trial.hyperparameters.keys()]
    if len(known) < FEWEST_RESULTS:
        return None
    some = _some(known, goal=goal)
    values = _bounded([trial.value for trial in some if trial.value is not None], goal=goal)
    with np.errstate(over="ignore", invalid="ignore"):  # values may be as large as floats are
        mean, deviation = float(values.mean()), float(values.std())
    if not deviation > 0 or not np.isfinite(deviation):
        return None
    cube = Cube(Space({name: parameter.model_copy(update={"when": None}) for name, parameter in parameters.items()}))
    at = cube.features(cube.positions([trial.hyperparameters for trial in some]))
    targets = (values - mean) / deviation
    fit = improve(fit_from_json(None, dimensions=2), at, targets, owners=cube.owners, rounds=_FIT_ROUNDS)
    posterior = Posterior(fit, at, targets, pending=np.zeros((0, at.shape[1])), owners=cube.owners)
    across, up = (_grid(axis) for axis in cube.axes)
    grid = np.stack([np.tile(across, len(up)), np.repeat(up, len(across))], axis=1)
    beliefs = posterior.at(cube.features(grid))
    heights = np.where(beliefs.variance < _UNSURE, beliefs.mean * deviation + mean, np.nan)
    return Surface(
        x=[parameters[x].value_at(float(u)) for u in across],
        y=[parameters[y].value_at(float(u)) for u in up],
        z=[[float(z) if np.isfinite(z) else None for z in row] for row in heights.reshape(len(up), len(across))],
        seen=len(some),
    )


def _some(trials: Sequence[SampledTrial], *, goal: Goal) -> list[SampledTrial]:
    if len(trials) <= MOST_RESULTS:
        return list(trials)
    half = MOST_RESULTS // 2
    best = sorted(trials, key=lambda trial: (trial.value or 0.0) * (1 if goal is Goal.MINIMIZE else -1))[:half]
    spread = [trials[i * len(trials) // half] for i in range(half)]
    return list({trial.id: trial for trial in (*best, *spread)}.values())


def _bounded(values: Sequence[float], *, goal: Goal) -> Array:
    bounds = in_view(values, is_lower_better=goal is Goal.MINIMIZE)
    return np.array(values, float) if bounds is None else np.clip(np.array(values, float), bounds[0], bounds[1])


def _grid(axis: Axis) -> Array:
    """Positions along one side: each level where they are few."""
    if axis.levels is not None and axis.levels <= POINTS:
        return axis.middles
    ends = np.linspace(0.0, 1.0, POINTS)
    return np.unique(axis.snapped(ends)) if axis.levels is not None else ends
