"""An additive model with a scale of its own for each effect, fitted by evidence.

Notation: N trials, y (N,) their results with mean 0 and variance 1, effects j with designs Z_j (N, M_j), of which
those of inactive trials are rows of zeros; Z (N, M) all of them side by side.

    y = sum_j Z_j theta_j + noise,   theta_j ~ Normal(0, 1 / alpha_j),   noise ~ Normal(0, sigma2)

All effects are fitted at once. A parameter that only went along with another, as in a zoom, where every side narrows
as results improve, has nothing left to explain; its alpha rises and its effect vanishes. alpha and sigma2 are those
under which the results are likeliest.

Sources: Hastie and Tibshirani 1986, "Generalized additive models"; MacKay 1992, "Bayesian interpolation" (the updates);
Tipping 2001 (one alpha per effect is his, there per column).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.importances.effects import Array

_MOST_UPDATES = 60
_LARGEST_ALPHA = 1e8
_LEAST_NOISE = 1e-6


@dataclass(frozen=True)
class Fit:
    """`explained`: the share of the variance of y that is not noise, 0 to 1."""

    coefficients: Sequence[Array]
    explained: float


def fit(designs: Sequence[Array], y: Array) -> Fit:
    """Coefficients of every effect. At least 3 trials; y need not be scaled, but may not be constant."""
    owner = np.repeat(np.arange(len(designs)), [design.shape[1] for design in designs])
    z = np.hstack(designs)
    y = (y - y.mean()) / y.std()
    gram, zy, n = z.T @ z, z.T @ y, len(y)
    widths = np.bincount(owner, minlength=len(designs))
    alpha, sigma2 = np.ones(len(designs)), 0.5
    for _ in range(_MOST_UPDATES):
        covariance = np.linalg.inv(gram / sigma2 + np.diag(alpha[owner]))
        theta = covariance @ zy / sigma2
        determined = widths - alpha * np.bincount(owner, covariance.diagonal(), minlength=len(designs))
        squares = np.bincount(owner, theta**2, minlength=len(designs))
        was = alpha
        alpha = np.clip(determined / np.maximum(squares, 1e-300), 1e-6, _LARGEST_ALPHA)
        residual = max(n - 2 * theta @ zy + theta @ gram @ theta, 0.0)
        sigma2 = max(residual / max(n - 1 - determined.sum(), 1.0), _LEAST_NOISE)
        if np.all(np.abs(np.log(alpha / was)) < 0.02):
            break
    cuts = np.cumsum(widths)[:-1]
    return Fit(np.split(theta, cuts), float(np.clip(1 - sigma2, 0.0, 1.0)))
