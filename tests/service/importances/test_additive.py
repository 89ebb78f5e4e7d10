"""The additive model: known effects are found, and what only goes along with them is not."""

import numpy as np
import pytest

from service.importances.additive import fit


def test_coefficients_of_strong_effects_are_those_of_least_squares() -> None:
    rng = np.random.default_rng(0)
    designs = [rng.normal(size=(500, 3)), rng.normal(size=(500, 2))]
    designs = [design - design.mean(axis=0) for design in designs]
    y = designs[0] @ [1.0, 2.0, -1.0] + designs[1] @ [0.5, 1.0] + 0.1 * rng.normal(size=500)
    fitted = fit(designs, y)
    expected = np.linalg.lstsq(np.hstack(designs), (y - y.mean()) / y.std())[0]
    assert np.hstack(fitted.coefficients) == pytest.approx(expected, abs=1e-3)
    assert fitted.explained == pytest.approx(1 - 0.01 / y.var(), abs=1e-3)


def test_an_effect_that_goes_along_with_another_vanishes() -> None:
    rng = np.random.default_rng(1)
    cause = rng.normal(size=(300, 1))
    companion = 0.9 * cause + 0.3 * rng.normal(size=(300, 1))
    fitted = fit([companion, cause], cause[:, 0] + 0.5 * rng.normal(size=300))
    assert abs(fitted.coefficients[0][0]) < 0.1 * abs(fitted.coefficients[1][0])


def test_noise_is_not_explained() -> None:
    rng = np.random.default_rng(2)
    assert fit([rng.normal(size=(1000, 4)) for _ in range(3)], rng.normal(size=1000)).explained < 0.02


def test_the_scale_of_the_results_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    design = rng.normal(size=(50, 2))
    y = design[:, 0] + rng.normal(size=50)
    assert fit([design], y).coefficients[0] == pytest.approx(fit([design], 1e-9 * y + 7).coefficients[0], rel=1e-5)


def test_more_columns_than_trials_are_no_obstacle() -> None:
    rng = np.random.default_rng(4)
    fitted = fit([rng.normal(size=(10, 12)) for _ in range(8)], rng.normal(size=10))
    assert all(np.isfinite(coefficients).all() for coefficients in fitted.coefficients)
    assert 0 <= fitted.explained <= 1
