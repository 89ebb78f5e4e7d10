"""Every optimizer against its formulas in plain Python, one number at a time; then what each must do."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from trainer.arrays import Array
from trainer.optimizers import OPTIMIZERS, State

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


def steps(name: str, n_steps: int) -> tuple[Array, State]:
    w, state = START, OPTIMIZERS[name].init(START)
    for _ in range(n_steps):
        w, state = OPTIMIZERS[name].update(w, gradient(w), state=state, columns=COLUMNS)
    return w, state


def momentum_by_hand(w: float, slope: float, n_steps: int, *, k: int) -> float:
    learning_rate, beta1 = (float(COLUMNS[name][k, 0, 0]) for name in ("learning_rate", "beta1"))
    v = 0.0
    for _ in range(n_steps):
        v = beta1 * v + (1 - beta1) * slope * w
        w -= learning_rate * v
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


BY_HAND: dict[str, Callable[..., float]] = {"momentum": momentum_by_hand, "adam": adam_by_hand}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("n_steps", [1, 2, 100])
def test_steps_are_those_of_the_formulas_with_each_network_s_own_hyperparameters(name: str, n_steps: int) -> None:
    w, _ = steps(name, n_steps)
    for k in range(2):
        slopes = gradient(np.ones((1, 1, 3)))[0, 0]
        expected = [
            BY_HAND[name](float(start), float(s), n_steps, k=k) for start, s in zip(START[k, 0], slopes, strict=True)
        ]
        np.testing.assert_allclose(w[k, 0], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_leaves_params_gradient_and_state_as_they_were(name: str) -> None:
    w, state = steps(name, 3)
    dw = gradient(w)
    before = [array.copy() for array in (w, dw, *(average.v for average in state))]
    OPTIMIZERS[name].update(w, dw, state=state, columns=COLUMNS)
    for array, copy in zip((w, dw, *(average.v for average in state)), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_bottom_of_a_bowl_is_found(name: str) -> None:
    columns = COLUMNS | {"learning_rate": np.full((2, 1, 1), 0.02)}
    w, state = START, OPTIMIZERS[name].init(START)
    for _ in range(3000):
        w, state = OPTIMIZERS[name].update(w, gradient(w), state=state, columns=columns)
    np.testing.assert_allclose(w, 0, atol=0.02)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_float32_stays_float32(name: str) -> None:
    w = START.astype(np.float32)
    w, state = OPTIMIZERS[name].update(w, w, state=OPTIMIZERS[name].init(w), columns=COLUMNS)
    assert w.dtype == np.float32
    assert all(average.v.dtype == np.float32 for average in state)


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_size_of_the_gradient() -> None:
    columns = {name: column[:1] for name, column in COLUMNS.items()}
    for dw in (1e-4, 1.0, 1e4):
        w = np.zeros((1, 1, 1))
        moved, _ = OPTIMIZERS["adam"].update(w, w + dw, state=OPTIMIZERS["adam"].init(w), columns=columns)
        assert moved.item() == pytest.approx(-0.1, rel=1e-3)


def test_momentum_with_beta1_of_zero_is_gradient_descent() -> None:
    columns = {name: column * (name != "beta1") for name, column in COLUMNS.items()}
    w, _ = OPTIMIZERS["momentum"].update(
        START, gradient(START), state=OPTIMIZERS["momentum"].init(START), columns=columns
    )
    np.testing.assert_allclose(w, START - COLUMNS["learning_rate"] * gradient(START))
