import numpy as np
import pytest

from trainer.activations import ACTIVATIONS, LEAK
from trainer.arrays import Array
from trainer.gradcheck import TOLERANCE, differences
from trainer.hyperparameters import HYPERPARAMETERS
from trainer.memory import fresh


def values(name: str, z: Array) -> Array:
    return ACTIVATIONS[name](z.copy(), fresh)[0]


def test_every_choice_of_the_hyperparameter_is_there() -> None:
    assert set(ACTIVATIONS) == set(HYPERPARAMETERS["activation"].choices)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_way_back_is_the_numerical_gradient_and_a_sign_error_is_found(name: str) -> None:
    rng = np.random.default_rng(0)
    z = rng.uniform(0.1, 2, (3, 5, 4)) * rng.choice([-1, 1], (3, 5, 4))
    da = rng.normal(size=z.shape)
    _, back = ACTIVATIONS[name](z.copy(), fresh)
    dz = back(da.copy())
    cost = lambda moved: (values(name, moved["z"]) * da).sum(axis=(1, 2))  # noqa: E731
    assert differences(cost, {"z": z}, {"z": dz})["z"] <= TOLERANCE
    assert differences(cost, {"z": z}, {"z": -dz})["z"] > 0.5


def test_the_formulas_by_hand() -> None:
    z = np.array([[[-2.0, 0.0, 3.0]]])
    assert values("relu", z).ravel().tolist() == [0, 0, 3]
    np.testing.assert_allclose(values("leaky_relu", z).ravel(), [-2 * LEAK, 0, 3])
    np.testing.assert_allclose(values("tanh", z).ravel(), np.tanh([-2, 0, 3]))
    np.testing.assert_allclose(values("sigmoid", z).ravel(), 1 / (1 + np.exp([2, 0, -3])))
    assert values("linear", z).ravel().tolist() == [-2, 0, 3]


def test_slopes_at_zero_are_those_of_the_left() -> None:
    for name, slope in (("relu", 0), ("leaky_relu", LEAK), ("tanh", 1), ("sigmoid", 0.25), ("linear", 1)):
        _, back = ACTIVATIONS[name](np.zeros((1, 1, 1)), fresh)
        np.testing.assert_allclose(back(np.ones((1, 1, 1))).item(), slope)


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_huge_inputs_saturate_without_a_warning(name: str) -> None:
    a = values(name, np.array([[[-1e30, 1e30]]], np.float32))
    assert a.ravel().tolist() == {"tanh": [-1, 1], "sigmoid": [0, 1]}[name]
