from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pytest

from trainer.arrays import Array
from trainer.gradcheck import TOLERANCE, differences
from trainer.layers import EPSILON, batch_norm, bias, folded, linear, sum_over_batch

Arrays = Mapping[str, Array]
Layer = Callable[[Arrays], tuple[Array, Callable[[Array], Arrays]]]
K, B, D, C = 3, 5, 4, 2


def linear_layer(arrays: Arrays) -> tuple[Array, Callable[[Array], Arrays]]:
    """Every network a group of its own."""
    x, w = (np.split(arrays[name], K) for name in ("x", "w"))
    y, dx, dw = np.empty((K, B, C)), np.empty_like(arrays["x"]), np.empty_like(arrays["w"])
    back_to_w, back_to_x = linear(x, w, y=np.split(y, K), dw=np.split(dw, K))

    def backward(dy: Array) -> Arrays:
        back_to_w(np.split(dy, K))
        back_to_x(np.split(dy, K), np.split(dx, K))
        return {"x": dx, "w": dw}

    return y, backward


def bias_layer(arrays: Arrays) -> tuple[Array, Callable[[Array], Arrays]]:
    y, back = bias(arrays["x"].copy(), arrays["b"])
    return y, lambda dy: {"x": dy, "b": back(dy)}


def batch_norm_layer(arrays: Arrays, *, epsilon: float = EPSILON) -> tuple[Array, Callable[[Array], Arrays]]:
    y, _, back = batch_norm(arrays["x"].copy(), arrays["gamma"], arrays["beta"], epsilon=epsilon)
    return y, lambda dy: dict(zip(("x", "gamma", "beta"), back(dy.copy()), strict=True))


LAYERS: list[tuple[Layer, dict[str, tuple[int, ...]]]] = [
    (linear_layer, {"x": (K, B, D), "w": (K, D, C)}),
    (bias_layer, {"x": (K, B, D), "b": (K, 1, D)}),
    (batch_norm_layer, {"x": (K, B, D), "gamma": (K, 1, D), "beta": (K, 1, D)}),
    # Two examples are normalised to -1 and 1 but for epsilon, so only a large one leaves a slope to compare.
    (partial(batch_norm_layer, epsilon=0.1), {"x": (K, 2, D), "gamma": (K, 1, D), "beta": (K, 1, D)}),
]


def away_from_zero(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs, none within 0.1 of the kink of a ReLU."""
    x: Array = rng.uniform(0.1, 2, shape) * rng.choice([-1, 1], shape)
    return x


@pytest.mark.parametrize(("layer", "shapes"), LAYERS)
def test_the_way_back_of_a_layer_is_its_numerical_gradient(layer: Layer, shapes: dict[str, tuple[int, ...]]) -> None:
    rng = np.random.default_rng(0)
    arrays = {name: away_from_zero(rng, shape) for name, shape in shapes.items()}
    y, back = layer(arrays)
    dy = rng.normal(size=y.shape)
    found = differences(lambda moved: (layer(moved)[0] * dy).sum(axis=(1, 2)), arrays, back(dy))
    assert found.keys() == shapes.keys()
    assert max(found.values()) <= TOLERANCE


@pytest.mark.parametrize(("layer", "shapes"), LAYERS)
def test_a_sign_error_in_any_way_back_is_found(layer: Layer, shapes: dict[str, tuple[int, ...]]) -> None:
    rng = np.random.default_rng(0)
    arrays = {name: away_from_zero(rng, shape) for name, shape in shapes.items()}
    y, back = layer(arrays)
    dy = rng.normal(size=y.shape)
    gradients = back(dy)
    for name, gradient in gradients.items():
        planted = {**gradients, name: -gradient}
        found = differences(lambda moved: (layer(moved)[0] * dy).sum(axis=(1, 2)), arrays, planted)
        assert found[name] > 0.5


def test_linear_by_hand() -> None:
    y, dw, dx = np.empty((1, 1, 1)), np.empty((1, 2, 1)), np.empty((1, 1, 2))
    x, w, dy = np.array([[[1.0, 2.0]]]), np.array([[[3.0], [4.0]]]), np.array([[[10.0]]])
    back_to_w, back_to_x = linear([x], [w], y=[y], dw=[dw])
    back_to_w([dy])
    back_to_x([dy], [dx])
    assert y.tolist() == [[[11.0]]]
    assert dx.tolist() == [[[30.0, 40.0]]]
    assert dw.tolist() == [[[10.0], [20.0]]]


def test_batch_norm_by_hand() -> None:
    x = np.array([[[1.0], [3.0]]])
    y, (mu, sigma2), _ = batch_norm(x, np.array([[[10.0]]]), np.array([[[5.0]]]), epsilon=0.0)
    assert (mu.item(), sigma2.item()) == (2.0, 1.0)
    assert y.ravel().tolist() == [-5.0, 15.0]


def test_batch_norm_gives_mean_beta_and_deviation_gamma_to_every_feature_of_every_network() -> None:
    rng = np.random.default_rng(0)
    gamma, beta = rng.uniform(1, 2, (3, 1, 4)), rng.normal(size=(3, 1, 4))
    y, _, _ = batch_norm(rng.normal(50, 20, (3, 100, 4)), gamma, beta)
    np.testing.assert_allclose(y.mean(axis=1, keepdims=True), beta, atol=1e-6)
    np.testing.assert_allclose(y.std(axis=1, keepdims=True), gamma, rtol=1e-6)


def test_gamma_sigma_and_beta_mu_restore_what_batch_norm_was_given() -> None:
    z = np.random.default_rng(0).normal(3, 2, (2, 6, 4))
    mu, sigma2 = z.mean(axis=1, keepdims=True), z.var(axis=1, keepdims=True)
    restored, _, _ = batch_norm(z.copy(), np.sqrt(sigma2 + EPSILON), mu)
    np.testing.assert_allclose(restored, z, rtol=1e-12)


def test_a_shift_before_batch_norm_changes_nothing_so_that_a_bias_there_would_be_idle() -> None:
    rng = np.random.default_rng(0)
    z, gamma, beta = rng.normal(size=(2, 6, 4)), np.ones((2, 1, 4)), np.zeros((2, 1, 4))
    shifted = batch_norm(z + rng.normal(size=(2, 1, 4)), gamma, beta)[0]
    np.testing.assert_allclose(shifted, batch_norm(z.copy(), gamma, beta)[0], atol=1e-12)


def test_batch_norm_refuses_a_batch_of_one() -> None:
    with pytest.raises(ValueError, match="1 example; it needs at least 2"):
        batch_norm(np.ones((2, 1, 4)), np.ones((2, 1, 4)), np.ones((2, 1, 4)))


def test_folding_batch_norm_into_weights_gives_what_it_gives_with_the_same_moments() -> None:
    rng = np.random.default_rng(0)
    a, w = rng.normal(size=(3, 50, 4)), rng.normal(size=(3, 4, 2))
    gamma, beta = rng.uniform(1, 2, (3, 1, 2)), rng.normal(size=(3, 1, 2))
    z, moments, _ = batch_norm(a @ w, gamma, beta)
    folded_w, folded_b = folded(w, gamma, beta, moments=moments)
    np.testing.assert_allclose(a @ folded_w + folded_b, z, rtol=1e-9, atol=1e-12)


def test_the_sum_over_the_batch_is_a_sum_over_the_middle_axis() -> None:
    x = np.random.default_rng(0).normal(size=(3, 7, 4))
    np.testing.assert_allclose(sum_over_batch(x), x.sum(axis=1, keepdims=True))
