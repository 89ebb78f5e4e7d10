import numpy as np
import pytest

from trainer.arrays import Array
from trainer.costs import OUTPUTS, cost, cross_entropy, gradient, logistic_loss, sigmoid, softmax, squared_error
from trainer.gradcheck import TOLERANCE, differences


def onehot(y: list[list[int]], n_classes: int) -> Array:
    rows: Array = np.eye(n_classes)[np.array(y)]
    return rows


def wanted(output: str, rng: np.random.Generator, shape: tuple[int, int, int]) -> Array:
    if output == "softmax":
        return onehot(rng.integers(shape[2], size=shape[:2]).tolist(), shape[2])
    y: Array = rng.normal(size=shape) if output == "linear" else rng.integers(2, size=shape).astype(float)
    return y


def test_softmax_by_hand() -> None:
    # The course's example: exp(5, 2, -1, 3) = 148.4, 7.4, 0.4, 20.1, in all 176.3.
    y_hat = softmax(np.array([[[5.0, 2.0, -1.0, 3.0]]]))
    np.testing.assert_allclose(y_hat.ravel(), [0.842, 0.042, 0.002, 0.114], atol=5e-4)


def test_cross_entropy_and_its_gradient_by_hand() -> None:
    z = np.log(np.array([[[0.3, 0.2, 0.1, 0.4], [0.25, 0.25, 0.25, 0.25]]]))
    y = onehot([[1, 3]], 4)
    losses = cross_entropy(z, y)
    np.testing.assert_allclose(losses, -np.log([[0.2, 0.25]]))
    np.testing.assert_allclose(cost("softmax", z, y), losses.mean(axis=1))
    np.testing.assert_allclose(gradient("softmax", z, y)[0, 0], np.array([0.3, 0.2 - 1, 0.1, 0.4]) / 2)


def test_logistic_loss_and_its_gradient_by_hand() -> None:
    z, y = np.log(np.array([[[0.8 / 0.2], [0.5 / 0.5]]])), np.array([[[1.0], [0.0]]])
    np.testing.assert_allclose(logistic_loss(z, y), -np.log([[0.8, 0.5]]))
    np.testing.assert_allclose(gradient("sigmoid", z, y).ravel(), [(0.8 - 1) / 2, 0.5 / 2])


def test_squared_error_and_its_gradient_by_hand() -> None:
    z, y = np.array([[[3.0], [1.0]]]), np.array([[[1.0], [1.5]]])
    np.testing.assert_allclose(squared_error(z, y), [[2, 0.125]])
    np.testing.assert_allclose(gradient("linear", z, y).ravel(), [1, -0.25])


def test_a_sigmoid_agrees_with_a_softmax_over_two_classes() -> None:
    z = np.random.default_rng(0).normal(0, 5, (3, 50, 1))
    two, y = np.concatenate([np.zeros_like(z), z], axis=2), np.random.default_rng(1).integers(2, size=(3, 50))
    np.testing.assert_allclose(softmax(two.copy())[:, :, 1:], sigmoid(z.copy()), rtol=1e-9)
    losses = cross_entropy(two, np.eye(2)[y])
    np.testing.assert_allclose(losses, logistic_loss(z, y[:, :, np.newaxis].astype(float)), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_give_exact_costs_without_a_warning(dtype: type[np.floating]) -> None:
    z = np.array([[[1e30, 0.0], [0.0, 1e30], [-1e30, -1e30]]], dtype)
    expected = np.array([[0, 1e30, np.log(2)]])
    np.testing.assert_allclose(cross_entropy(z, onehot([[0, 0, 1]], 2)), expected, rtol=1e-6)
    np.testing.assert_allclose(softmax(z.copy()), [[[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]])
    one, y = z[:, :, :1], np.array([[[1.0], [1.0], [1.0]]], dtype)
    np.testing.assert_allclose(logistic_loss(one, y), expected[:, [0, 2, 1]], rtol=1e-6)
    np.testing.assert_allclose(sigmoid(one.copy()), [[[1.0], [0.5], [0.0]]])


def test_a_right_answer_that_is_nearly_certain_still_costs_something() -> None:
    z = np.array([[[80.0, 0.0]]])
    np.testing.assert_allclose(cross_entropy(z, onehot([[1]], 2)), [[80]])
    np.testing.assert_allclose(logistic_loss(z[:, :, :1], np.zeros((1, 1, 1))), [[80]])


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_gradient_of_a_cost_is_its_numerical_gradient_and_a_sign_error_is_found(output: str) -> None:
    rng = np.random.default_rng(0)
    shape = (3, 5, 4) if output == "softmax" else (3, 5, 1)
    z, y = rng.normal(size=shape), wanted(output, rng, shape)
    dz = gradient(output, z.copy(), y)
    assert differences(lambda moved: cost(output, moved["z"], y), {"z": z}, {"z": dz})["z"] <= TOLERANCE
    assert differences(lambda moved: cost(output, moved["z"], y), {"z": z}, {"z": -dz})["z"] > 0.5


@pytest.mark.parametrize("output", OUTPUTS)
def test_how_the_logits_lie_in_memory_does_not_matter(output: str) -> None:
    rng = np.random.default_rng(0)
    shape = (3, 5, 4) if output == "softmax" else (3, 5, 1)
    z, y = rng.normal(size=shape), wanted(output, rng, shape)
    other = np.array(z.swapaxes(1, 2), order="C").swapaxes(1, 2)
    np.testing.assert_allclose(gradient(output, other, y), gradient(output, z.copy(), y), rtol=1e-12)
