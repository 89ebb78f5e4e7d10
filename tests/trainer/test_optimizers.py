"""Every optimizer against its formulas in plain Python, one number at a time; then what each must do."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from trainer import averages
from trainer.arrays import Array
from trainer.hyperparameters import HYPERPARAMETERS
from trainer.memory import fresh
from trainer.optimizers import OPTIMIZERS

COLUMNS = {
    "learning_rate": np.array([0.1, 0.5]).reshape(2, 1, 1),
    "beta1": np.array([0.9, 0.5]).reshape(2, 1, 1),
    "beta2": np.array([0.999, 0.8]).reshape(2, 1, 1),
    "epsilon": np.array([1e-8, 1e-2]).reshape(2, 1, 1),
}
START = np.array([[[1.0, -2.0, 3.0]], [[0.5, 0.0, -4.0]]])


def gradient(w: Array) -> Array:
    """Of a bowl that is steeper along some axes."""
    dw: Array = w * np.array([1.0, 3.0, 0.2])
    return dw


def moved(name: str, n_steps: int, *, start: Array = START, columns: Mapping[str, Array] = COLUMNS) -> Array:
    """Where so many steps lead."""
    optimizer, w = OPTIMIZERS[name], start.copy()
    totals = [np.zeros_like(w) for _ in optimizer.averages]
    nothing = np.zeros((len(w), 1, 1))
    weights = [averages.coming_weights(nothing, beta=columns[beta], n_steps=n_steps) for beta in optimizer.averages]
    rates = optimizer.rates(columns, weights)
    for t in range(n_steps):
        of_step = {each: (rate if rate.ndim == 3 else rate[t]).astype(w.dtype) for each, rate in rates.items()}
        optimizer.step(w, gradient(w).astype(w.dtype), totals, of_step, fresh)
    return w


def momentum_by_hand(w: float, slope: float, n_steps: int, *, k: int, has_factor: bool = True) -> float:
    learning_rate, beta1 = (float(COLUMNS[name][k, 0, 0]) for name in ("learning_rate", "beta1"))
    v = 0.0
    for _ in range(n_steps):
        v = beta1 * v + ((1 - beta1) if has_factor else 1) * slope * w
        w -= learning_rate * v
    return w


def classical_by_hand(w: float, slope: float, n_steps: int, *, k: int) -> float:
    return momentum_by_hand(w, slope, n_steps, k=k, has_factor=False)


def descent_by_hand(w: float, slope: float, n_steps: int, *, k: int) -> float:
    return w * (1 - float(COLUMNS["learning_rate"][k, 0, 0]) * slope) ** n_steps


def rmsprop_by_hand(w: float, slope: float, n_steps: int, *, k: int) -> float:
    learning_rate, _, beta2, epsilon = (float(column[k, 0, 0]) for column in COLUMNS.values())
    s = 0.0
    for _ in range(n_steps):
        dw = slope * w
        s = beta2 * s + (1 - beta2) * dw**2
        w -= learning_rate * dw / (math.sqrt(s) + epsilon)
    return w


def adam_by_hand(w: float, slope: float, n_steps: int, *, k: int) -> float:
    learning_rate, beta1, beta2, epsilon = (float(column[k, 0, 0]) for column in COLUMNS.values())
    m = v = 0.0
    for t in range(1, n_steps + 1):
        dw = slope * w
        m = beta1 * m + (1 - beta1) * dw
        v = beta2 * v + (1 - beta2) * dw**2
        w -= learning_rate * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + epsilon)
    return w


BY_HAND: dict[str, Callable[..., float]] = {
    "momentum": momentum_by_hand,
    "classical_momentum": classical_by_hand,
    "gradient_descent": descent_by_hand,
    "rmsprop": rmsprop_by_hand,
    "adam": adam_by_hand,
}


def test_every_choice_of_the_hyperparameter_is_there() -> None:
    assert set(OPTIMIZERS) == set(HYPERPARAMETERS["optimizer"].choices)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("n_steps", [1, 2, 20])
def test_steps_are_those_of_the_formulas_with_each_network_s_own_hyperparameters(name: str, n_steps: int) -> None:
    w = moved(name, n_steps)
    for k in range(2):
        slopes = gradient(np.ones((1, 1, 3)))[0, 0]
        expected = [
            BY_HAND[name](float(start), float(s), n_steps, k=k) for start, s in zip(START[k, 0], slopes, strict=True)
        ]
        np.testing.assert_allclose(w[k, 0], expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_bottom_of_a_bowl_is_found(name: str) -> None:
    columns = COLUMNS | {"learning_rate": np.full((2, 1, 1), 0.02)}
    np.testing.assert_allclose(moved(name, 3000, columns=columns), 0, atol=0.02)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_float32_takes_the_same_steps_as_float64(name: str) -> None:
    narrow = moved(name, 3, start=START.astype(np.float32))
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, moved(name, 3), rtol=1e-5, atol=1e-6)


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_size_of_the_gradient() -> None:
    for size in (1e-3, 1.0, 1e4):
        start = np.full((2, 1, 3), size)
        columns = COLUMNS | {"epsilon": np.full((2, 1, 1), 1e-12)}
        step = start - moved("adam", 1, start=start, columns=columns)
        np.testing.assert_allclose(step, np.broadcast_to(COLUMNS["learning_rate"], step.shape), rtol=1e-3)


def test_momentum_with_beta1_of_zero_is_gradient_descent() -> None:
    columns = COLUMNS | {"beta1": np.zeros((2, 1, 1))}
    for name in ("momentum", "classical_momentum"):
        np.testing.assert_allclose(moved(name, 3, columns=columns), moved("gradient_descent", 3))
