import numpy as np
import pytest

from trainer.costs import cross_entropies, l2_penalty, softmax, softmax_cross_entropy
from trainer.gradcheck import TOLERANCE, differences


def test_softmax_by_hand() -> None:
    # The course's example: exp(5, 2, -1, 3) = 148.4, 7.4, 0.4, 20.1, in all 176.3.
    y_hat = softmax(np.array([[[5.0, 2.0, -1.0, 3.0]]]))
    np.testing.assert_allclose(y_hat.ravel(), [0.842, 0.042, 0.002, 0.114], atol=5e-4)


def test_cross_entropy_by_hand() -> None:
    z = np.log(np.array([[[0.3, 0.2, 0.1, 0.4], [0.25, 0.25, 0.25, 0.25]]]))
    losses = cross_entropies(z, np.array([[1, 3]]))
    np.testing.assert_allclose(losses, -np.log([[0.2, 0.25]]))
    cost, back = softmax_cross_entropy(z, np.array([[1, 3]]))
    np.testing.assert_allclose(cost, losses.mean(axis=1))
    np.testing.assert_allclose(back()[0, 0], np.array([0.3, 0.2 - 1, 0.1, 0.4]) / 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_give_exact_costs_without_a_warning(dtype: type[np.floating]) -> None:
    z = np.array([[[1e30, 0.0], [0.0, 1e30], [-1e30, -1e30]]], dtype)
    y = np.array([[0, 0, 1]])
    np.testing.assert_allclose(cross_entropies(z, y), [[0, 1e30, np.log(2)]], rtol=1e-6)
    np.testing.assert_allclose(softmax(z), [[[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]])


def test_a_right_answer_that_is_nearly_certain_still_costs_something() -> None:
    z = np.array([[[80.0, 0.0]]])
    np.testing.assert_allclose(cross_entropies(z, np.array([[1]])), [[80]])
    assert softmax(z)[0, 0, 1] > 0


def test_the_gradient_of_the_cost_is_its_numerical_gradient() -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(3, 5, 4)), rng.integers(4, size=(3, 5))
    _, back = softmax_cross_entropy(z, y)
    found = differences(lambda moved: softmax_cross_entropy(moved["z"], y)[0], {"z": z}, {"z": back()})
    assert found["z"] <= TOLERANCE
    planted = differences(lambda moved: softmax_cross_entropy(moved["z"], y)[0], {"z": z}, {"z": -back()})
    assert planted["z"] > 0.5


def test_the_gradient_of_the_penalty_is_its_numerical_gradient() -> None:
    w, l2 = np.random.default_rng(0).normal(size=(3, 4, 2)), np.array([0.1, 1.0, 10.0]).reshape(3, 1, 1)
    _, dw = l2_penalty(w, l2=l2, m=7)
    found = differences(lambda moved: l2_penalty(moved["w"], l2=l2, m=7)[0], {"w": w}, {"w": dw})
    assert found["w"] <= TOLERANCE


def test_the_penalty_by_hand_with_a_lambda_per_network() -> None:
    w = np.array([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]])
    penalty, dw = l2_penalty(w, l2=np.array([6.0, 0.0]).reshape(2, 1, 1), m=3)
    np.testing.assert_allclose(penalty, [6 / (2 * 3) * 30, 0])
    np.testing.assert_allclose(dw[0], 6 / 3 * w[0])
    np.testing.assert_allclose(dw[1], 0)
