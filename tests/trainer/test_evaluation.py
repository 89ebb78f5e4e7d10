import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from trainer import evaluation
from trainer.architecture import Architecture
from trainer.evaluation import EXAMPLES_AT_ONCE, evaluate
from trainer.network import init, keep, predict
from trainer.split import Part


def test_metrics_are_those_of_scikit_learn_for_every_network() -> None:
    networks = init(Architecture(4, (5,), 3, False), [1, 2, 3])
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2 * EXAMPLES_AT_ONCE + 1, 4)).astype(np.float32)
    y = rng.integers(3, size=2 * EXAMPLES_AT_ONCE + 1)
    y_hat = predict(networks, x).astype(np.float64)
    y_hat /= y_hat.sum(axis=2, keepdims=True)
    for k, metrics in enumerate(evaluate([networks], {"dev": Part(x, y)})):
        assert metrics["dev_cost"] == pytest.approx(log_loss(y, y_hat[k]), rel=1e-5)
        assert metrics["dev_accuracy"] == pytest.approx(accuracy_score(y, y_hat[k].argmax(axis=1)))
        assert metrics["dev_error"] == 1 - metrics["dev_accuracy"]


def test_what_is_evaluated_at_once_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = init(Architecture(4, (5,), 3, False), [1, 2], dtype=np.float64)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 4)).astype(np.float32), rng.integers(3, size=50)
    whole = evaluate([networks], {"dev": Part(x, y)})
    monkeypatch.setattr(evaluation, "EXAMPLES_AT_ONCE", 7)
    for one, other in zip(evaluate([networks], {"dev": Part(x, y)}), whole, strict=True):
        assert one == pytest.approx(other)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e38])
def test_a_network_without_a_finite_cost_has_no_metrics_and_the_others_theirs(value: float) -> None:
    networks = init(Architecture(4, (5,), 3, False), [1, 2])
    params = networks.params.copy()
    params[1] = value * np.sign(params[1] + 1e-9) if value == 1e38 else value
    part = {"dev": Part(np.ones((6, 4), np.float32), np.arange(6) % 3)}
    healthy, broken = (evaluate([each], part) for each in (networks, replace(networks, params=params)))
    assert broken[0] == healthy[0]
    assert all(math.isnan(metric) for metric in broken[1].values())


def test_groups_are_evaluated_one_after_another_and_parts_by_their_names() -> None:
    groups = [init(Architecture(4, hidden, 3, False), [1, 2]) for hidden in ((5,), (3, 2))]
    rng = np.random.default_rng(0)
    parts = {
        name: Part(rng.normal(size=(n, 4)).astype(np.float32), rng.integers(3, size=n))
        for name, n in (("train", 9), ("dev", 6))
    }
    together = evaluate(groups, parts)
    for k, metrics in enumerate(together):
        alone = [evaluate([keep(groups[k // 2], [k % 2])], {name: part})[0] for name, part in parts.items()]
        assert metrics == alone[0] | alone[1]
