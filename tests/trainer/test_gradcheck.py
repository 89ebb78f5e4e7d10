"""The gradient of whole networks, and that a planted error does not get past the check."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trainer import blocks, network
from trainer.architecture import Architecture
from trainer.arrays import Array, Labels
from trainer.gradcheck import STEP, TOLERANCE, check, distance_to_kink, numerical_gradient, relative_difference
from trainer.network import Networks, init

L2 = np.array([0.0, 0.5, 5.0]).reshape(3, 1, 1)
ARCHITECTURES = [
    Architecture(4, hidden, 3, has_batch_norm)
    for hidden in [(), (5,), (5, 3), (5, 3, 6)]
    for has_batch_norm in ([False, True] if hidden else [False])
]


def drawn(architecture: Architecture, n_examples: int) -> tuple[Networks, Array, Labels]:
    """Three networks with uneven params, and a batch that is drawn again until it lies off every kink."""
    rng = np.random.default_rng(3)
    networks = init(architecture, [1, 2, 3], dtype=np.float64)
    networks = replace(networks, params=networks.params + rng.normal(0, 0.3, networks.params.shape))
    draws = (rng.normal(size=(3, n_examples, architecture.n_inputs)) for _ in range(1000))
    x = next(x for x in draws if distance_to_kink(networks, x) > 100 * STEP)
    return networks, x, rng.integers(architecture.n_classes, size=(3, n_examples))


@pytest.mark.parametrize("n_examples", [4, 7])
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_every_gradient_of_a_whole_network_is_right(architecture: Architecture, n_examples: int) -> None:
    networks, x, y = drawn(architecture, n_examples)
    found = check(networks, x, y, l2=L2)
    assert found.keys() == architecture.param_shapes.keys()
    assert max(found.values()) <= TOLERANCE, found


def negated(function: Callable[..., Any], place: int) -> Callable[..., Any]:
    """The layer or cost with a wrong sign in the given result of its way back."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        *results, back = function(*args, **kwargs)

        def wrong_back(*dy: Array) -> Any:
            gradients = back(*dy)
            if not isinstance(gradients, tuple):
                return -gradients
            return tuple(-each if n == place else each for n, each in enumerate(gradients))

        return (*results, wrong_back)

    return wrong


@pytest.mark.parametrize(
    ("module", "name", "place", "wrong"),
    [
        (blocks, "linear", 0, {"w[1]", "gamma[1]", "beta[1]"}),
        (blocks, "linear", 1, {"w[1]", "w[2]"}),
        (blocks, "bias", 1, {"b[2]"}),
        (blocks, "batch_norm", 0, {"w[1]"}),
        (blocks, "batch_norm", 1, {"gamma[1]"}),
        (blocks, "batch_norm", 2, {"beta[1]"}),
        (network, "relu", 0, {"w[1]", "gamma[1]", "beta[1]"}),
        (network, "softmax_cross_entropy", 0, {"w[1]", "gamma[1]", "beta[1]", "w[2]", "b[2]"}),
        (network, "l2_penalty", 0, {"w[1]", "w[2]"}),
    ],
)
def test_a_planted_sign_error_is_found_in_the_params_it_reaches(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, place: int, wrong: set[str]
) -> None:
    networks, x, y = drawn(Architecture(4, (5,), 3, True), 7)
    monkeypatch.setattr(module, name, negated(getattr(module, name), place) if name != "l2_penalty" else wrong_penalty)
    found = check(networks, x, y, l2=L2)
    assert {param for param, difference in found.items() if difference > 1000 * TOLERANCE} == wrong


def wrong_penalty(w: Array, *, l2: Array, m: int) -> tuple[Array, Array]:
    return (w * w).sum(axis=(1, 2)) * l2[:, 0, 0] / (2 * m), -w * l2 / m


def test_the_numerical_gradient_of_a_square_is_twice_the_number() -> None:
    w = np.array([[[1.0, 2.0]], [[3.0, 4.0]]])
    found = numerical_gradient(lambda arrays: (arrays["w"] ** 2).sum(axis=(1, 2)), {"w": w})
    np.testing.assert_allclose(found["w"], 2 * w, rtol=1e-9)


def test_the_relative_difference_by_hand_is_that_of_the_worst_network() -> None:
    a, b = np.array([[[3.0, 4.0]], [[1.0, 0.0]]]), np.array([[[3.0, 4.0]], [[0.0, 1.0]]])
    assert relative_difference(a, b) == pytest.approx(np.sqrt(2) / 2)
    assert relative_difference(a, -a) == 1
    assert relative_difference(0 * a, 0 * a) == 0


def test_float32_is_refused() -> None:
    networks, x, y = drawn(Architecture(4, (5,), 3, True), 7)
    with pytest.raises(ValueError, match="float64"):
        check(networks, x.astype(np.float32), y, l2=L2)


def test_inputs_on_a_kink_are_refused() -> None:
    networks = init(Architecture(4, (5,), 3, False), [1, 2, 3], dtype=np.float64)
    assert distance_to_kink(networks, np.zeros((3, 7, 4))) == 0
    with pytest.raises(ValueError, match="kink"):
        check(networks, np.zeros((3, 7, 4)), np.zeros((3, 7), np.int64), l2=L2)
