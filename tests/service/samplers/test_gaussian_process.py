"""The Gaussian process against scikit-learn's, plain linear algebra and finite differences."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from service.samplers import gaussian_process as gp
from service.samplers.gaussian_process import Evidence, Fit, Posterior, fit_from_json, improve

Array = NDArray[np.float64]
SCALES = np.array([0.3, 0.8, 1.7])
NOISE = 0.05
FIT = Fit(np.log([*SCALES, NOISE]), np.full(4, 0.2))
OWNERS = np.arange(3)


def observations(count: int = 25, *, seed: int = 0) -> tuple[Array, Array]:
    """x (N, 3) and y (N,): a smooth function of the first two, with noise."""
    chance = np.random.default_rng(seed)
    x = chance.random((count, 3))
    y = np.sin(6 * x[:, 0]) + x[:, 1] ** 2 + 0.1 * chance.normal(size=count)
    return x, (y - y.mean()) / y.std()


def kernel(a: Array, b: Array) -> Array:
    """Matern's, nu = 5/2, written out pair by pair."""
    distances = np.array([[np.sqrt((((p - q) / SCALES) ** 2).sum()) for q in b] for p in a])
    s = np.sqrt(5.0) * distances
    return np.asarray((1 + s + 5 * distances**2 / 3) * np.exp(-s))


def loss_and_gradient(logs: Array, x: Array, y: Array) -> tuple[float, Array]:
    return Evidence(x, y, owners=OWNERS, dimensions=3).of(logs)


def posterior(x: Array, y: Array, pending: Array | None = None) -> Posterior:
    return Posterior(FIT, x, y, pending=np.empty((0, 3)) if pending is None else pending, owners=OWNERS)


def test_mean_and_variance_are_those_of_scikit_learn() -> None:
    x, y = observations()
    z = observations(40, seed=1)[0]
    peer = GaussianProcessRegressor(Matern(SCALES, nu=2.5), alpha=NOISE + gp.JITTER, optimizer=None).fit(x, y)
    mean, deviation = peer.predict(z, return_std=True)
    beliefs = posterior(x, y).at(z)
    assert beliefs.mean == pytest.approx(mean, abs=1e-8)
    assert beliefs.variance == pytest.approx(deviation**2, abs=1e-8)


def test_the_marginal_likelihood_is_that_of_scikit_learn_up_to_its_constant_and_the_priors() -> None:
    x, y = observations()
    peer = GaussianProcessRegressor(Matern(SCALES, nu=2.5), alpha=NOISE + gp.JITTER, optimizer=None).fit(x, y)
    means = np.array([*[gp.SCALE_PRIOR[0]] * 3, gp.NOISE_PRIOR[0]])
    deviations = np.array([*[gp.SCALE_PRIOR[1]] * 3, gp.NOISE_PRIOR[1]])
    priors = 0.5 * (((FIT.logs - means) / deviations) ** 2).sum()
    constant = 0.5 * len(y) * np.log(2 * np.pi)
    loss, _ = loss_and_gradient(FIT.logs, x, y)
    assert loss == pytest.approx(-peer.log_marginal_likelihood_value_ - constant + priors, abs=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_the_gradient_is_that_of_finite_differences(seed: int) -> None:
    x, y = observations(seed=seed)
    logs = np.random.default_rng(seed).normal([-0.5, 0.0, 0.5, -2.0], 0.5)
    _, gradient = loss_and_gradient(logs, x, y)
    step = 1e-5
    for i, shift in enumerate(np.eye(4) * step):
        up, down = (loss_and_gradient(logs + sign * shift, x, y)[0] for sign in (1, -1))
        assert gradient[i] == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-6)


def test_a_pending_point_lowers_the_variance_around_it_and_leaves_the_mean() -> None:
    x, y = observations()
    z, pending = observations(40, seed=1)[0], observations(3, seed=2)[0]
    known = np.concatenate([x, pending])
    noisy = kernel(known, known) + (NOISE + gp.JITTER) * np.eye(len(known))
    across = kernel(known, z)
    expected = 1 - np.einsum("nm,nm->m", across, np.linalg.solve(noisy, across))
    beliefs, without = posterior(x, y, pending).at(z), posterior(x, y).at(z)
    assert beliefs.variance == pytest.approx(expected, abs=1e-8)
    assert beliefs.mean == pytest.approx(without.mean, abs=1e-10)
    assert (beliefs.variance <= without.variance + 1e-12).all()


def test_choosing_points_is_the_same_as_fitting_again_with_them_pending() -> None:
    x, y = observations()
    z = observations(40, seed=1)[0]
    beliefs = posterior(x, y).at(z)
    for count, index in enumerate((7, 30, 7), start=1):
        beliefs.choose(index)
        again = posterior(x, y, z[[7, 30, 7][:count]]).at(z)
        assert beliefs.variance == pytest.approx(again.variance, abs=1e-7)
        assert beliefs.mean == pytest.approx(again.mean, abs=1e-10)


def test_features_of_one_parameter_share_its_length_scale() -> None:
    x, y = observations()
    owners = np.array([0, 1, 1])
    fit = Fit(np.log([0.3, 0.8, NOISE]), np.full(3, 0.2))
    peer = GaussianProcessRegressor(Matern([0.3, 0.8, 0.8], nu=2.5), alpha=NOISE + gp.JITTER, optimizer=None).fit(x, y)
    z = observations(10, seed=1)[0]
    beliefs = Posterior(fit, x, y, pending=np.empty((0, 3)), owners=owners).at(z)
    assert beliefs.mean == pytest.approx(peer.predict(z), abs=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_a_fit_never_gets_worse_and_a_longer_search_finds_no_less(seed: int) -> None:
    x, y = observations(40, seed=seed)
    start = fit_from_json(None, dimensions=3)
    losses = [
        loss_and_gradient(improve(start, x, y, owners=OWNERS, rounds=rounds).logs, x, y)[0] for rounds in (1, 4, 16, 64)
    ]
    assert losses[0] <= loss_and_gradient(start.logs, x, y)[0]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


def test_it_learns_which_parameter_matters() -> None:
    x, y = observations(80)
    fit = improve(fit_from_json(None, dimensions=3), x, y, owners=OWNERS, rounds=60)
    assert fit.scales[2] > 2 * fit.scales[0]
    assert (fit.scales >= gp.LEAST).all()
    assert (fit.scales <= gp.MOST).all()
    assert gp.LEAST_NOISE <= fit.noise <= gp.MOST_NOISE


def test_equal_points_with_different_outcomes_are_noise_and_no_error() -> None:
    x = np.full((20, 3), 0.5)
    y = np.linspace(-1.5, 1.5, 20)
    fit = improve(fit_from_json(None, dimensions=3), x, y, owners=OWNERS, rounds=40)
    assert fit.noise > 0.2
    beliefs = Posterior(fit, x, y, pending=x[:3], owners=OWNERS).at(x[:1])
    assert abs(beliefs.mean[0]) < 0.1
    assert 0 < beliefs.variance[0] < 0.2


def test_a_fit_goes_through_json_and_one_of_other_dimensions_is_forgotten() -> None:
    again = fit_from_json(FIT.to_json(), dimensions=3)
    assert (again.logs == FIT.logs).all()
    assert (again.steps == FIT.steps).all()
    start = fit_from_json(None, dimensions=5)
    assert (fit_from_json(FIT.to_json(), dimensions=5).logs == start.logs).all()
    assert len(start.logs) == 6
