"""The gradient of whole networks, and that a planted error does not get past the check."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trainer import activations, blocks, costs, layers
from trainer.architecture import Architecture
from trainer.arrays import Array
from trainer.dropout import LEVELS, dropout, mask
from trainer.gradcheck import STEP, TOLERANCE, check, distance_to_kink, numerical_gradient, relative_difference
from trainer.network import Networks, init
from trainer.penalties import Penalty

HIDDEN = [(), (5,), (5, 3), (5, 3, 6)]
PLAIN = [Architecture(4, hidden, 3, norm) for hidden in HIDDEN for norm in ([False, True] if hidden else [False])]
MIXED = [
    Architecture(4, (5, 3), 3 if output == "softmax" else 1, norm, activation, output)
    for activation in activations.ACTIVATIONS
    for output in costs.OUTPUTS
    for norm in (False, True)
]


def penalty_of(architecture: Architecture, *, with_biases: bool = False, l1: float = 0.3) -> Penalty:
    l2, each_l1 = np.array([0.0, 0.5, 5.0]).reshape(3, 1, 1), np.array([l1, 0, l1]).reshape(3, 1, 1)
    return Penalty(l2, each_l1, architecture.n_penalised(with_biases=with_biases))


def drawn(
    architecture: Architecture, n_examples: int, penalty: Penalty, masks: Sequence[Array] = ()
) -> tuple[Networks, Array, Array]:
    """Three networks with uneven params, and a batch, that are drawn again until they lie off every kink."""
    rng = np.random.default_rng(3)
    start = init(architecture, [1, 2, 3], dtype=np.float64)
    for _ in range(1000):
        networks = replace(start, params=start.params + rng.normal(0, 0.3, start.params.shape))
        x = rng.normal(size=(3, n_examples, architecture.n_inputs))
        if distance_to_kink(networks, x, penalty=penalty, masks=masks) > 100 * STEP:
            return networks, x, wanted(architecture, n_examples, rng)
    raise AssertionError("No batch lies off every kink.")


def wanted(architecture: Architecture, n_examples: int, rng: np.random.Generator) -> Array:
    shape = (3, n_examples, architecture.n_outputs)
    if architecture.output == "softmax":
        rows: Array = np.eye(shape[2])[rng.integers(shape[2], size=shape[:2])]
        return rows
    return rng.normal(size=shape) if architecture.output == "linear" else rng.integers(2, size=shape).astype(float)


@pytest.mark.parametrize("n_examples", [4, 7])
@pytest.mark.parametrize("architecture", PLAIN, ids=str)
def test_every_gradient_of_a_whole_network_is_right(architecture: Architecture, n_examples: int) -> None:
    penalty = penalty_of(architecture)
    networks, x, y = drawn(architecture, n_examples, penalty)
    found = check(networks, x, y, penalty=penalty)
    assert found.keys() == architecture.param_shapes.keys()
    assert max(found.values()) <= TOLERANCE, found


@pytest.mark.parametrize("with_dropout", [False, True])
@pytest.mark.parametrize("architecture", MIXED, ids=str)
def test_every_combination_of_activation_output_penalties_and_dropout_is_right(
    architecture: Architecture, with_dropout: bool
) -> None:
    penalty = penalty_of(architecture, with_biases=with_dropout)
    masks = masks_of(architecture) if with_dropout else []
    networks, x, y = drawn(architecture, 7, penalty, masks)
    found = check(networks, x, y, penalty=penalty, masks=masks)
    assert max(found.values()) <= TOLERANCE, found


def masks_of(architecture: Architecture) -> list[Array]:
    rng = np.random.default_rng(8)
    draws = [rng.integers(LEVELS, size=(3, 7, width)).astype(np.uint16) for width in architecture.hidden]
    return [mask(each, keep_prob=np.full((3, 1, 1), 0.8)) for each in draws]


def negated(function: Callable[..., Any], place: int) -> Callable[..., Any]:
    """The layer with a wrong sign in a result of its way back, written where the right one was."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        *results, back = function(*args, **kwargs)

        def wrong_back(dy: Array) -> Any:
            gradients = back(dy)
            each = gradients if isinstance(gradients, tuple) else (gradients,)
            np.negative(each[place], out=each[place])
            return gradients

        return (*results, wrong_back)

    return wrong


def negated_linear(place: int) -> Callable[..., Any]:
    """The way back to w (0) or to x (1) with a wrong sign, in what it writes."""
    right = layers.linear

    def wrong(*args: Any, dw: Any, **kwargs: Any) -> Any:
        back_to_w, back_to_x = right(*args, dw=dw, **kwargs)

        def negated_to_w(dy: Any) -> None:
            back_to_w(dy)
            negate(dw)

        def negated_to_x(dy: Any, dx: Any) -> None:
            back_to_x(dy, dx)
            negate([each for each in dx if each is not None])

        return (negated_to_w, back_to_x) if place == 0 else (back_to_w, negated_to_x)

    return wrong


def negate(arrays: Any) -> None:
    for array in arrays:
        np.negative(array, out=array)


def wrong_cost(*given: Any, right: Callable[..., Array] = costs.gradient) -> Array:
    dz = right(*given)
    return np.negative(dz, out=dz)


def wrong_penalty(
    self: Penalty, dw: Array, w: Array, *, m: int, right: Callable[..., None] = Penalty.add_gradient
) -> None:
    right(self, dw, -w, m=m)


@pytest.mark.parametrize(
    ("module", "name", "wrong", "found_in"),
    [
        (blocks, "linear", negated_linear(0), {"w[1]", "w[2]"}),
        (blocks, "linear", negated_linear(1), {"w[1]", "gamma[1]", "beta[1]"}),
        (blocks, "bias", negated(layers.bias, 0), {"b[2]"}),
        (blocks, "batch_norm", negated(layers.batch_norm, 0), {"w[1]"}),
        (blocks, "batch_norm", negated(layers.batch_norm, 1), {"gamma[1]"}),
        (blocks, "batch_norm", negated(layers.batch_norm, 2), {"beta[1]"}),
        (blocks, "dropout", negated(dropout, 0), {"w[1]", "gamma[1]", "beta[1]"}),
        (costs, "gradient", wrong_cost, {"w[1]", "gamma[1]", "beta[1]", "w[2]", "b[2]"}),
        (Penalty, "add_gradient", wrong_penalty, {"w[1]", "w[2]"}),
    ],
)
def test_a_planted_sign_error_is_found_in_the_params_it_reaches(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, wrong: Callable[..., Any], found_in: set[str]
) -> None:
    architecture = Architecture(4, (5,), 3, True)
    penalty = penalty_of(architecture)
    masks = masks_of(architecture)
    networks, x, y = drawn(architecture, 7, penalty, masks)
    monkeypatch.setattr(module, name, wrong)
    found = check(networks, x, y, penalty=penalty, masks=masks)
    assert {param for param, difference in found.items() if difference > 1000 * TOLERANCE} == found_in


@pytest.mark.parametrize("activation", activations.ACTIVATIONS)
def test_a_sign_error_in_an_activation_is_found(monkeypatch: pytest.MonkeyPatch, activation: str) -> None:
    architecture = Architecture(4, (5,), 3, False, activation)
    penalty = penalty_of(architecture)
    networks, x, y = drawn(architecture, 7, penalty)
    wrong = negated(activations.ACTIVATIONS[activation], 0)
    monkeypatch.setattr(blocks, "ACTIVATIONS", {activation: wrong})
    found = check(networks, x, y, penalty=penalty)
    assert {param for param, difference in found.items() if difference > 1000 * TOLERANCE} == {"w[1]", "b[1]"}


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
    architecture = Architecture(4, (5,), 3, True)
    networks, x, y = drawn(architecture, 7, penalty_of(architecture))
    with pytest.raises(ValueError, match="float64"):
        check(networks, x.astype(np.float32), y, penalty=penalty_of(architecture))


def test_inputs_on_a_kink_and_weights_on_one_are_refused() -> None:
    architecture = Architecture(4, (5,), 3, False)
    penalty = penalty_of(architecture, l1=0)
    networks = init(architecture, [1, 2, 3], dtype=np.float64)
    assert distance_to_kink(networks, np.zeros((3, 7, 4)), penalty=penalty) == 0
    with pytest.raises(ValueError, match="kink"):
        check(networks, np.zeros((3, 7, 4)), np.eye(3)[np.zeros((3, 7), int)], penalty=penalty)
    at_zero = replace(networks, params=networks.params * 0)
    assert distance_to_kink(at_zero, np.ones((3, 7, 4)), penalty=penalty_of(architecture)) == 0
