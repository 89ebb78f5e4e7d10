import numpy as np

from trainer.arrays import Array
from trainer.gradcheck import TOLERANCE, differences
from trainer.penalties import Penalty


def column(*values: float) -> Array:
    return np.array(values).reshape(-1, 1, 1)


def gradient_of(penalty: Penalty, w: Array, *, m: int) -> Array:
    dw = np.zeros_like(w)
    penalty.add_gradient(dw, w, m=m)
    return dw


def test_l2_by_hand_with_a_lambda_per_network() -> None:
    w = np.array([[[1.0, 2.0, 3.0, 4.0]], [[1.0, 2.0, 3.0, 4.0]]])
    penalty = Penalty(column(6, 0), column(0, 0), 4)
    np.testing.assert_allclose(penalty.cost(w, m=3), [6 / (2 * 3) * 30, 0])
    np.testing.assert_allclose(gradient_of(penalty, w, m=3), [6 / 3 * w[0], 0 * w[1]])


def test_l1_by_hand() -> None:
    w = np.array([[[1.0, -2.0, 0.0]]])
    penalty = Penalty(column(0), column(6), 3)
    np.testing.assert_allclose(penalty.cost(w, m=3), [2 * 3])
    np.testing.assert_allclose(gradient_of(penalty, w, m=3), [[[2, -2, 0]]])


def test_what_is_not_penalised_costs_nothing_and_is_not_pulled() -> None:
    w = np.array([[[1.0, 2.0, 3.0]]])
    penalty = Penalty(column(1), column(1), 2)
    np.testing.assert_allclose(penalty.cost(w, m=1), [2.5 + 3])
    assert gradient_of(penalty, w, m=1)[0, 0, 2] == 0


def test_the_gradient_is_added_and_is_the_numerical_one_and_a_sign_error_is_found() -> None:
    rng = np.random.default_rng(0)
    w = rng.uniform(0.1, 1, (3, 1, 5)) * rng.choice([-1, 1], (3, 1, 5))
    penalty = Penalty(column(0.1, 1, 10), column(2, 0, 0.5), 4)
    dw = gradient_of(penalty, w, m=7)
    assert differences(lambda moved: penalty.cost(moved["w"], m=7), {"w": w}, {"w": dw})["w"] <= TOLERANCE
    assert differences(lambda moved: penalty.cost(moved["w"], m=7), {"w": w}, {"w": -dw})["w"] > 0.5
    twice = dw.copy()
    penalty.add_gradient(twice, w, m=7)
    np.testing.assert_allclose(twice, 2 * dw)
