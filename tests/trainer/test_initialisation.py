import numpy as np
import pytest

from trainer.activations import ACTIVATIONS
from trainer.hyperparameters import HYPERPARAMETERS
from trainer.initialisation import BY_ACTIVATION, VARIANCES, weights


@pytest.mark.parametrize(("name", "variance"), [("he", 2 / 50), ("xavier", 1 / 50), ("glorot", 2 / 4050)])
def test_weights_have_mean_zero_and_the_variance_of_their_name(name: str, variance: float) -> None:
    w = weights(np.random.default_rng(0), 50, 4000, initialisation=name, activation="relu")
    assert w.shape == (50, 4000)
    assert w.dtype == np.float64
    np.testing.assert_allclose(w.mean() / np.sqrt(variance), 0, atol=0.01)
    np.testing.assert_allclose(w.var(), variance, rtol=0.02)


def test_auto_is_he_for_relus_and_xavier_for_the_others() -> None:
    for activation in ACTIVATIONS:
        chosen = "he" if "relu" in activation else "xavier"
        auto, named = (
            weights(np.random.default_rng(0), 5, 4, initialisation=name, activation=activation)
            for name in ("auto", chosen)
        )
        np.testing.assert_array_equal(auto, named)
    assert set(HYPERPARAMETERS["initialisation"].choices) == {"auto", *VARIANCES}
    assert set(BY_ACTIVATION) == set(ACTIVATIONS)


def test_each_keeps_the_scale_of_activations_through_many_layers_where_the_other_loses_it() -> None:
    def growth(name: str, activation: str) -> float:
        rng = np.random.default_rng(1)
        a = rng.standard_normal((200, 256)) * 0.1
        before = np.mean(a**2)
        for _ in range(10):
            z = a @ weights(rng, 256, 256, initialisation=name, activation=activation)
            a = np.maximum(z, 0) if activation == "relu" else np.tanh(z)
        return float(np.mean(a**2) / before)

    assert 0.3 < growth("auto", "relu") < 3
    assert 0.3 < growth("auto", "tanh") < 3
    assert growth("xavier", "relu") < 0.01
