"""Which candidates are worth a trial: those from which the model expects most."""

from collections.abc import Sequence

import numpy as np

from service.samplers.cube import Array, Cube
from service.samplers.gaussian_process import Beliefs, Fit, Posterior, improve
from service.samplers.interface import Result
from service.samplers.ranking import targets

MOST_FITTED = 120
"""Of so many results, the best and the newest, are length scales learned; predictions use all."""
FIT_ROUNDS = 8


class Screen:
    """A model of finished trials, at these positions (N, P)."""

    def __init__(self, cube: Cube, results: Sequence[Result], positions: Array, *, pending: Array, fit: Fit) -> None:
        features = cube.features(positions)
        waiting = cube.features(pending)
        self._cube = cube
        self._targets = targets(results)
        self._known = {row.tobytes() for row in np.concatenate([features, waiting])}
        some = _some(self._targets)
        self.fit = improve(fit, features[some], self._targets[some], owners=cube.owners, rounds=FIT_ROUNDS)
        self._posterior = Posterior(self.fit, features, self._targets, pending=waiting, owners=cube.owners)
        self._features = features

    def pick(self, candidates: Array, count: int) -> list[int]:
        """The indices of at most `count` candidates (M, P), none tried before, each chosen knowing those before it.

        Ties go to the first candidate.
        """
        features = self._cube.features(candidates)
        beliefs = self._posterior.at(features)
        is_free = np.array([row.tobytes() not in self._known for row in features])
        best = float(self._targets.min())
        chosen: list[int] = []
        while len(chosen) < count and is_free.any():
            gain = np.where(is_free, expected_improvement(beliefs, best), -1.0)
            is_same = (features == features[np.argmax(gain)]).all(axis=1)
            index = int(np.argmax(is_same))  # the linear algebra may round equal candidates differently
            chosen.append(index)
            is_free &= ~is_same
            beliefs.choose(index)
        return chosen

    def means(self) -> Array:
        """The posterior mean at each finished trial, (N,): its score less the part that is likely to be noise."""
        return self._posterior.at(self._features).mean


def expected_improvement(beliefs: Beliefs, best: float) -> Array:
    """E[max(best - f, 0)] for f ~ N(mean, variance), (M,).

    Source: Jones, Schonlau and Welch 1998, "Efficient global optimization of expensive black-box functions".
    """
    deviation = np.sqrt(beliefs.variance)
    z = (best - beliefs.mean) / deviation
    density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    from scipy.special import ndtr

    return np.asarray(deviation * (z * ndtr(z) + density))


def _some(scores: Array) -> Array:
    """The indices of the best and the newest observations."""
    half = MOST_FITTED // 2
    best = np.argsort(scores, kind="stable")[:half]
    return np.union1d(best, np.arange(max(0, len(scores) - half), len(scores)))
