import numpy as np

from trainer.initialisation import he


def test_he_weights_have_mean_zero_and_variance_two_over_the_inputs() -> None:
    w = he(np.random.default_rng(0), 50, 4000)
    assert w.shape == (50, 4000)
    assert w.dtype == np.float64
    np.testing.assert_allclose(w.mean(), 0, atol=0.002)
    np.testing.assert_allclose(w.var(), 2 / 50, rtol=0.02)


def test_he_weights_keep_the_scale_of_activations_through_many_relu_layers() -> None:
    rng = np.random.default_rng(1)
    a = rng.standard_normal((200, 256))
    before = np.mean(a**2)
    for _ in range(10):
        a = np.maximum(a @ he(rng, 256, 256), 0)
    assert 0.3 < np.mean(a**2) / before < 3
