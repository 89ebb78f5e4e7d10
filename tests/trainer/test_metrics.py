"""Every metric against scikit-learn's, for every network."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from trainer.metrics import auc, by_class, confusion, of_numbers


@given(st.integers(2, 6), st.integers(2, 60), st.integers(0, 10**6))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_metrics_of_classes_are_those_of_scikit_learn(n_classes: int, n_examples: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, predicted = rng.integers(n_classes, size=n_examples), rng.integers(n_classes, size=(3, n_examples))
    found = by_class(confusion(predicted, y, n_classes=n_classes))
    for k in range(3):
        assert found["accuracy"][k] == pytest.approx(peer.accuracy_score(y, predicted[k]))
        assert found["error"][k] == 1 - found["accuracy"][k]
        average = "binary" if n_classes == 2 else "macro"
        f1 = peer.f1_score(y, predicted[k], average=average, zero_division=0)
        assert found["f1"][k] == pytest.approx(f1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # classes that are predicted and do not occur
            balanced = peer.balanced_accuracy_score(y, predicted[k])
        assert found["balanced_accuracy"][k] == pytest.approx(balanced)


@pytest.mark.parametrize("n_levels", [2, 5, 1000])
@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_the_auc_is_that_of_scikit_learn_with_ties_and_without(n_classes: int, n_levels: int) -> None:
    rng = np.random.default_rng(n_classes)
    y = np.arange(300) % n_classes
    scores = rng.integers(1, n_levels + 1, size=(4, 300, n_classes)).astype(np.float32)
    scores[1] += np.eye(n_classes, dtype=np.float32)[y]
    found = auc(scores, y)
    for k in range(4):
        each = [peer.roc_auc_score(y == c, scores[k, :, c]) for c in range(n_classes)]
        assert found[k] == pytest.approx(each[1] if n_classes == 2 else np.mean(each), abs=1e-12)


def test_the_auc_of_perfect_reversed_and_constant_scores() -> None:
    y = np.array([0, 0, 1, 1])
    one = np.array([[0.1, 0.2, 0.8, 0.9], [0.9, 0.8, 0.2, 0.1], [0.5, 0.5, 0.5, 0.5]], np.float32)
    np.testing.assert_allclose(auc(np.stack([1 - one, one], axis=2), y), [1, 0, 0.5])


def test_classes_that_nobody_or_everybody_has_do_not_count_in_the_auc() -> None:
    scores = np.random.default_rng(0).random((2, 50, 3)).astype(np.float32)
    y = np.arange(50) % 2
    each = [peer.roc_auc_score(y == c, scores[0, :, c]) for c in (0, 1)]
    assert auc(scores, y)[0] == pytest.approx(np.mean(each))
    assert np.isnan(auc(scores, np.zeros(50, int))).all()


def test_metrics_of_numbers_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    y, predicted = rng.normal(5, 3, 40).astype(np.float32), rng.normal(5, 3, (3, 40)).astype(np.float32)
    found = of_numbers(predicted, y)
    for k in range(3):
        assert found["mse"][k] == pytest.approx(peer.mean_squared_error(y, predicted[k]))
        assert found["mae"][k] == pytest.approx(peer.mean_absolute_error(y, predicted[k]))
        assert found["r2"][k] == pytest.approx(peer.r2_score(y, predicted[k]), rel=1e-5)
    assert np.isnan(of_numbers(predicted, np.ones(40))["r2"]).all()


def test_every_metric_of_a_network_is_the_same_alone_bit_for_bit() -> None:
    rng = np.random.default_rng(0)
    scores, y = rng.random((7, 333, 5)).astype(np.float32), rng.integers(5, size=333)
    together = auc(scores, y)
    counts = confusion(scores.argmax(axis=2), y, n_classes=5)
    for k in range(7):
        assert auc(scores[k : k + 1], y).tobytes() == together[k : k + 1].tobytes()
        for name, value in by_class(counts[k : k + 1]).items():
            assert value.tobytes() == by_class(counts)[name][k : k + 1].tobytes()
