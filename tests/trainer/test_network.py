"""Whole networks against a second way to compute them: one network, one example, one unit at a time."""

import math
from dataclasses import replace

import numpy as np
import pytest

from trainer import averages, network
from trainer.architecture import Architecture
from trainer.arrays import Array, views
from trainer.gradcheck import cost_and_gradient, logits_at_training_time
from trainer.layers import EPSILON
from trainer.network import Networks, init, logits_at_test_time, predict
from trainer.penalties import Penalty

SEEDS = (11, 12, 13)


def penalty_of(networks: Networks, *l2: float) -> Penalty:
    column = np.array(l2).reshape(3, 1, 1)
    return Penalty(column, 0 * column, networks.architecture.n_penalised(with_biases=False))


def networks_of(*hidden: int, has_batch_norm: bool) -> Networks:
    """Three networks with 4 inputs and 3 classes, in float64, none of whose params is a neutral 0 or 1."""
    networks = init(Architecture(4, hidden, 3, has_batch_norm), SEEDS, dtype=np.float64)
    noise = np.random.default_rng(5).normal(0, 0.2, networks.params.shape)
    return replace(networks, params=networks.params + noise)


def unit_by_unit(networks: Networks, k: int, x: Array) -> list[list[float]]:
    """The logits of network k for a batch x (B, D) at training time, in plain Python."""
    architecture = networks.architecture
    params = {name: array[k].tolist() for name, array in views(networks.params, architecture.param_shapes).items()}
    a: list[list[float]] = x.tolist()
    for n in [*architecture.hidden_layers, architecture.output_layer]:
        columns = list(zip(*params[f"w[{n}]"], strict=True))
        z = [[math.fsum(i * w for i, w in zip(example, column, strict=True)) for column in columns] for example in a]
        if f"b[{n}]" in params:
            z = [[unit + b for unit, b in zip(example, params[f"b[{n}]"][0], strict=True)] for example in z]
        else:
            z = normalised_unit_by_unit(z, params[f"gamma[{n}]"][0], params[f"beta[{n}]"][0])
        a = [[max(unit, 0.0) for unit in example] for example in z] if n != architecture.output_layer else z
    return a


def normalised_unit_by_unit(z: list[list[float]], gamma: list[float], beta: list[float]) -> list[list[float]]:
    columns = []
    for unit, g, b in zip(zip(*z, strict=True), gamma, beta, strict=True):
        mu = math.fsum(unit) / len(unit)
        sigma2 = math.fsum((value - mu) ** 2 for value in unit) / len(unit)
        columns.append([g * (value - mu) / math.sqrt(sigma2 + EPSILON) + b for value in unit])
    return [list(example) for example in zip(*columns, strict=True)]


@pytest.mark.parametrize("has_batch_norm", [False, True])
@pytest.mark.parametrize("hidden", [(), (5,), (5, 2, 6)])
def test_logits_and_cost_are_those_of_the_formulas_unit_by_unit(hidden: tuple[int, ...], has_batch_norm: bool) -> None:
    networks = networks_of(*hidden, has_batch_norm=has_batch_norm and bool(hidden))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 6, 4)), rng.integers(3, size=(3, 6))
    l2 = np.array([0.0, 0.5, 2.0]).reshape(3, 1, 1)
    params = views(networks.params, networks.architecture.param_shapes)
    logits = logits_at_training_time(networks, x)
    cost, _, _ = cost_and_gradient(networks, x, np.eye(3)[y], penalty=penalty_of(networks, 0.0, 0.5, 2.0))
    for k in range(3):
        z = unit_by_unit(networks, k, x[k])
        np.testing.assert_allclose(logits[k], z, rtol=1e-9)
        losses = [math.log(sum(map(math.exp, row))) - row[true] for row, true in zip(z, y[k], strict=True)]
        squares = sum(float((params[name][k] ** 2).sum()) for name in params if name.startswith("w"))
        assert cost[k] == pytest.approx(sum(losses) / 6 + l2[k, 0, 0] / (2 * 6) * squares)


def test_initial_weights_are_he_and_biases_zero_and_gammas_one() -> None:
    networks = init(Architecture(200, (300,), 10, True), [1, 2])
    params = views(networks.params, networks.architecture.param_shapes)
    assert networks.params.dtype == np.float32
    np.testing.assert_allclose(params["w[1]"].var(axis=(1, 2)), 2 / 200, rtol=0.03)
    np.testing.assert_allclose(params["w[2]"].var(axis=(1, 2)), 2 / 300, rtol=0.1)
    assert np.all(params["gamma[1]"] == 1)
    assert not params["beta[1]"].any()
    assert not params["b[2]"].any()


def test_initial_weights_are_the_same_in_both_dtypes_up_to_rounding() -> None:
    architecture = Architecture(4, (5,), 3, False)
    wide, narrow = (init(architecture, SEEDS, dtype=dtype).params for dtype in (np.float64, np.float32))
    np.testing.assert_array_equal(wide.astype(np.float32), narrow)


def test_initial_weights_belong_to_the_seed_and_not_to_the_place_in_the_stack() -> None:
    architecture = Architecture(4, (5,), 3, True)
    together, alone = init(architecture, SEEDS), init(architecture, SEEDS[1:2])
    np.testing.assert_array_equal(together.params[1], alone.params[0])
    assert not np.array_equal(together.params[0], together.params[1])


def test_at_test_time_the_moments_are_the_averages_and_not_those_of_the_batch() -> None:
    networks = networks_of(5, 2, has_batch_norm=True)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 6, 4)), rng.integers(3, size=(3, 6))
    _, _, moments = cost_and_gradient(networks, x, np.eye(3)[y], penalty=penalty_of(networks, 0, 0, 0))
    seen = replace(networks, moments=averages.update(networks.moments, moments, beta=np.full((3, 1, 1), 0.9)))
    logits = logits_at_training_time(networks, x)
    # One batch was averaged, so its corrected average is that batch's moments: the two times agree, on it alone.
    np.testing.assert_allclose(logits_at_test_time(seen, x), logits, rtol=1e-9)
    np.testing.assert_allclose(logits_at_test_time(seen, x[:, :1]), logits[:, :1], rtol=1e-9)


@pytest.mark.parametrize("hidden", [(), (5, 2)])
def test_without_batch_norm_test_time_is_training_time(hidden: tuple[int, ...]) -> None:
    networks = networks_of(*hidden, has_batch_norm=False)
    x = np.random.default_rng(0).normal(size=(3, 6, 4))
    logits = logits_at_training_time(networks, x)
    np.testing.assert_allclose(logits_at_test_time(networks, x), logits)


def test_probabilities_add_up_to_one_and_one_x_serves_all_networks() -> None:
    networks = networks_of(5, has_batch_norm=False)
    x = np.random.default_rng(0).normal(size=(6, 4))
    y_hat = predict(networks, x)
    assert y_hat.shape == (3, 6, 3)
    np.testing.assert_allclose(y_hat.sum(axis=2), 1)
    np.testing.assert_allclose(y_hat, predict(networks, np.stack([x, x, x])))


def test_a_network_with_batch_norm_cannot_predict_before_its_first_batch() -> None:
    with pytest.raises(ValueError, match="no values"):
        predict(networks_of(5, has_batch_norm=True), np.ones((1, 4)))


def test_kept_networks_are_those_asked_for_in_that_order() -> None:
    networks = networks_of(5, has_batch_norm=True)
    kept = network.keep(networks, [2, 0])
    np.testing.assert_array_equal(kept.params, networks.params[[2, 0]])
    np.testing.assert_array_equal(kept.moments.weight, networks.moments.weight[[2, 0]])
