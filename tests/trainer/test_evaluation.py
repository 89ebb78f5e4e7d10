import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from trainer import evaluation
from trainer.architecture import Architecture
from trainer.evaluation import EXAMPLES_AT_ONCE, evaluate
from trainer.network import init, predict


def test_metrics_are_those_of_scikit_learn_for_every_network() -> None:
    networks = init(Architecture(4, (5,), 3, False), [1, 2, 3])
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2 * EXAMPLES_AT_ONCE + 1, 4)), rng.integers(3, size=2 * EXAMPLES_AT_ONCE + 1)
    y_hat = predict(networks, x.astype(np.float32)).astype(np.float64)
    y_hat /= y_hat.sum(axis=2, keepdims=True)
    for k, metrics in enumerate(evaluate(networks, x, y)):
        assert metrics["cost"] == pytest.approx(log_loss(y, y_hat[k]), rel=1e-5)
        assert metrics["accuracy"] == pytest.approx(accuracy_score(y, y_hat[k].argmax(axis=1)))
        assert metrics["error"] == 1 - metrics["accuracy"]


def test_what_is_evaluated_at_once_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = init(Architecture(4, (5,), 3, False), [1, 2], dtype=np.float64)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 4)), rng.integers(3, size=50)
    whole = evaluate(networks, x, y)
    monkeypatch.setattr(evaluation, "EXAMPLES_AT_ONCE", 7)
    for one, other in zip(evaluate(networks, x, y), whole, strict=True):
        assert one == pytest.approx(other)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e38])
def test_a_network_without_a_finite_cost_has_no_metrics_and_the_others_theirs(value: float) -> None:
    networks = init(Architecture(4, (5,), 3, False), [1, 2])
    params = networks.params.copy()
    params[1] = value * np.sign(params[1] + 1e-9) if value == 1e38 else value
    broken, healthy = replace(networks, params=params), evaluate(networks, np.ones((6, 4)), np.arange(6) % 3)
    metrics = evaluate(broken, np.ones((6, 4)), np.arange(6) % 3)
    assert metrics[0] == healthy[0]
    assert all(math.isnan(metric) for metric in metrics[1].values())
