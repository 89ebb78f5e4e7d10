import numpy as np

from trainer.clipping import clip, norms


def test_a_long_gradient_is_cut_to_the_limit_and_keeps_its_direction() -> None:
    dw = np.array([[[3.0, 4.0]], [[0.3, 0.4]]])
    clip(dw, limit=np.array([1.0, 1.0]).reshape(2, 1, 1))
    np.testing.assert_allclose(dw, [[[0.6, 0.8]], [[0.3, 0.4]]])


def test_no_limit_and_no_gradient_leave_every_bit() -> None:
    dw = np.random.default_rng(0).normal(size=(2, 1, 9)).astype(np.float32)
    dw[1] = 0
    before = dw.tobytes()
    clip(dw, limit=np.array([np.inf, 1.0]).reshape(2, 1, 1))
    assert dw.tobytes() == before


def test_a_gradient_whose_square_overflows_float32_is_still_cut() -> None:
    dw = np.full((1, 1, 4), 1e30, np.float32)
    clip(dw, limit=np.ones((1, 1, 1)))
    np.testing.assert_allclose(dw, 0.5, rtol=1e-6)


def test_the_norm_of_a_network_is_its_own_whatever_stands_beside_it() -> None:
    dw = np.random.default_rng(0).normal(size=(5, 1, 100_001)).astype(np.float32)
    together = norms(dw)
    for k in range(5):
        assert norms(dw[k : k + 1]).tobytes() == together[k : k + 1].tobytes()
    np.testing.assert_allclose(together[:, 0, 0], np.linalg.norm(dw[:, 0].astype(float), axis=1))
