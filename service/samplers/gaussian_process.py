"""A Gaussian process: what a few hundred results say of a point that nobody has tried.

Notation: N observations, M points, F features, P parameters; `owners` (F,) names the parameter of each feature.
x (N, F) features; y (N,) targets with mean 0 and variance about 1, lower is better.
k(a, b) = (1 + s + s^2/3) e^-s with s = sqrt(5) r and r^2 = sum over features of ((a_f - b_f) / l_owner(f))^2:
Matern's kernel with nu = 5/2, one length scale l for each parameter, amplitude 1.
K = k(x, x) + sigma2 I; posterior mean k(z, x) K^-1 y, variance 1 - k(z, x) K^-1 k(x, z).
Source: Rasmussen and Williams 2006, "Gaussian processes for machine learning", algorithm 2.1 and equation 4.17.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
JITTER = 1e-8
"""Added to the diagonal, so that two equal points leave K invertible."""
SCALE_PRIOR = (-0.2, 1.0)
NOISE_PRIOR = (-1.5, 1.0)
"""Mean and standard deviation of log l and of log sigma2, both normal."""
LEAST, MOST = 0.03, 30.0
"""Bounds of a length scale, in units of a parameter's whole range."""
LEAST_NOISE, MOST_NOISE = 1e-4, 2.0
FIRST_STEP, LEAST_STEP, MOST_STEP = 0.2, 0.01, 0.5


@dataclass(frozen=True)
class Fit:
    """Length scales and noise, as logarithms, with the step sizes at which their search goes on."""

    logs: Array
    """(P + 1,): log l of each parameter, then log sigma2."""
    steps: Array
    """(P + 1,)"""

    @property
    def scales(self) -> Array:
        return np.exp(self.logs[:-1])

    @property
    def noise(self) -> float:
        return float(np.exp(self.logs[-1]))

    def to_json(self) -> dict[str, list[float]]:
        return {"logs": self.logs.tolist(), "steps": self.steps.tolist()}


def fit_from_json(document: Mapping[str, Sequence[float]] | None, *, dimensions: int) -> Fit:
    """The stored fit, or the prior's centre where there is none for so many parameters."""
    if document is None or len(document["logs"]) != dimensions + 1:
        return Fit(np.array([SCALE_PRIOR[0]] * dimensions + [NOISE_PRIOR[0]]), np.full(dimensions + 1, FIRST_STEP))
    return Fit(np.array(document["logs"], float), np.array(document["steps"], float))


def improve(fit: Fit, x: Array, y: Array, *, owners: NDArray[np.intp], rounds: int) -> Fit:
    """The fit after some steps up the posterior density of its parameters, by the signs of the gradient.

    Source: Igel and Huesken 2000, "Improving the Rprop learning algorithm" (iRprop-). The best point on the way is
    kept. Starting from the fit of the round before, a few steps a round are enough.
    """
    evidence = Evidence(x, y, owners=owners, dimensions=len(fit.logs) - 1)
    bounds = np.log([LEAST] * (len(fit.logs) - 1) + [LEAST_NOISE]), np.log([MOST] * (len(fit.logs) - 1) + [MOST_NOISE])
    logs, steps, last = fit.logs, fit.steps, np.zeros(len(fit.logs))
    best, best_loss = logs, np.inf
    for _ in range(rounds):
        loss, gradient = evidence.of(logs)
        if loss < best_loss:
            best, best_loss = logs, loss
        turned = np.sign(gradient) * last
        steps = np.clip(steps * np.where(turned > 0, 1.2, np.where(turned < 0, 0.5, 1.0)), LEAST_STEP, MOST_STEP)
        last = np.where(turned < 0, 0.0, np.sign(gradient))
        logs = np.clip(logs - last * steps, *bounds)
    return Fit(best, steps)


class Evidence:
    """What observations say for and against length scales and noise.

    All that belongs to two observations is kept once for each pair i < j, (N (N - 1) / 2,).
    """

    def __init__(self, x: Array, y: Array, *, owners: NDArray[np.intp], dimensions: int) -> None:
        self._y = y
        self._i, self._j = np.triu_indices(len(x), 1)
        self._place = self._i * len(x) + self._j
        """Of each pair in a matrix (N, N) that is read row by row."""
        self._gaps = np.zeros((dimensions, len(self._i)))
        for feature, owner in enumerate(owners):
            self._gaps[owner] += (x[self._i, feature] - x[self._j, feature]) ** 2

    def of(self, logs: Array) -> tuple[float, Array]:
        """- log p(y | x, l, sigma2) p(l) p(sigma2) up to a constant, and its gradient by `logs` (P + 1,)."""
        weights, noise = np.exp(-2.0 * logs[:-1]), float(np.exp(logs[-1]))
        s = np.sqrt(5.0 * (weights @ self._gaps))
        decay = np.exp(-s)
        kernel = np.ones((len(self._y), len(self._y)))
        kernel.ravel()[self._place] = (1.0 + s + s * s / 3.0) * decay
        lower = _cholesky(kernel.T, noise)
        alpha = _solve(lower, _solve(lower, self._y), is_transposed=True)
        from scipy.linalg.lapack import dpotri

        inverse = dpotri(lower, lower=1)[0].T
        between = inverse.ravel()[self._place] - alpha[self._i] * alpha[self._j]  # the gradient by K
        by_square = between * (-5.0 / 6.0) * (1.0 + s) * decay  # the gradient by r^2
        trace = float(inverse.trace() - alpha @ alpha)
        gradient = np.append(-2.0 * weights * (self._gaps @ by_square), 0.5 * noise * trace)
        means = np.array([SCALE_PRIOR[0]] * len(weights) + [NOISE_PRIOR[0]])
        deviations = np.array([SCALE_PRIOR[1]] * len(weights) + [NOISE_PRIOR[1]])
        z = (logs - means) / deviations
        loss = 0.5 * float(self._y @ alpha) + float(np.log(np.diag(lower)).sum()) + 0.5 * float(z @ z)
        return loss, gradient + z / deviations


class Posterior:
    """Given observations at x, and points `pending` whose outcomes are on their way.

    A pending point lowers the variance around it and leaves the mean as it is.
    """

    def __init__(self, fit: Fit, x: Array, y: Array, *, pending: Array, owners: NDArray[np.intp]) -> None:
        self._per_scale = np.exp(-fit.logs[:-1])[owners]
        self.noise = fit.noise
        self._known = np.concatenate([x, pending]) * self._per_scale
        self._lower = _cholesky(_kernel(self._known, self._known).T, self.noise)
        self._whitened = _solve(np.asfortranarray(self._lower[: len(x), : len(x)]), y)

    def at(self, z: Array) -> "Beliefs":
        """What is believed of the points z (M, F)."""
        scaled = z * self._per_scale
        spread = _solve(self._lower, _kernel(self._known, scaled))
        mean = self._whitened @ spread[: len(self._whitened)]
        return Beliefs(scaled, spread, mean, np.maximum(1.0 - (spread * spread).sum(0), JITTER), self.noise)


@dataclass
class Beliefs:
    """Mean and variance at M points; `choose` makes one of them pending."""

    _scaled: Array
    _spread: Array
    mean: Array
    """(M,)"""
    variance: Array
    """(M,)"""
    noise: float

    def choose(self, index: int) -> None:
        """The variances once the point's outcome is on its way: one more row of the Cholesky factor."""
        between = _kernel(self._scaled[index : index + 1], self._scaled)[0] - self._spread[:, index] @ self._spread
        row = between / np.sqrt(self.variance[index] + self.noise)
        self._spread = np.concatenate([self._spread, row[None]])
        self.variance = np.maximum(self.variance - row * row, JITTER)


def _kernel(a: Array, b: Array) -> Array:
    """(N, F), (M, F), both divided by their length scales -> (N, M)."""
    s = a @ b.T
    # In place: fresh memory for each of these steps took longer than their arithmetic.
    s *= -2.0
    s += (a * a).sum(1)[:, None]
    s += (b * b).sum(1)
    np.maximum(s, 0.0, out=s)
    s *= 5.0
    np.sqrt(s, out=s)
    kernel = s * s
    kernel /= 3.0
    kernel += s
    kernel += 1.0
    np.negative(s, out=s)
    kernel *= np.exp(s, out=s)
    return kernel


def _cholesky(kernel: Array, noise: float) -> Array:
    """Of k(x, x) + sigma2 I, in place of the kernel if its columns are contiguous; the lower triangle is read."""
    kernel[np.diag_indices(len(kernel))] += noise + JITTER
    from scipy.linalg.lapack import dpotrf

    lower, failed = dpotrf(kernel, lower=1, clean=1, overwrite_a=1)
    if failed:
        raise ArithmeticError(f"the kernel matrix of {len(kernel)} points is not positive definite")
    return np.asarray(lower)


def _solve(lower: Array, right: Array, *, is_transposed: bool = False) -> Array:
    from scipy.linalg.lapack import dtrtrs

    return np.asarray(dtrtrs(lower, right, lower=1, trans=int(is_transposed))[0])
