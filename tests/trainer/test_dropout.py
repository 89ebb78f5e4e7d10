import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.arrays import Array
from trainer.dropout import LEVELS, draws, dropout, mask
from trainer.gradcheck import TOLERANCE, differences


def drawn_by(*seeds: int, shape: tuple[int, int]) -> NDArray[np.uint16]:
    """(K, N, D), of the first layer in the first epoch."""
    return np.stack([draws(seed, 0, layer=1, shape=shape) for seed in seeds])


def column(*values: float) -> Array:
    return np.array(values).reshape(-1, 1, 1)


@pytest.mark.parametrize("keep_prob", [0.1, 0.5, 0.8, 0.999])
def test_so_many_units_are_kept_and_the_expected_activation_stays(keep_prob: float) -> None:
    kept = mask(drawn_by(5, shape=(2000, 100)), keep_prob=column(keep_prob))
    assert (kept > 0).mean() == pytest.approx(keep_prob, abs=0.005)
    assert kept.mean() == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(kept[kept > 0], 1 / keep_prob, rtol=2e-4)


def test_the_mean_over_all_draws_is_exactly_one() -> None:
    every = np.arange(LEVELS, dtype=np.uint16).reshape(1, 1, LEVELS)
    for keep_prob in (1e-9, 0.3, 0.77, 1.0):
        assert mask(every, keep_prob=column(keep_prob)).mean() == pytest.approx(1, abs=1e-12)


def test_a_network_that_keeps_all_beside_one_that_does_not_has_ones() -> None:
    kept = mask(drawn_by(1, 2, shape=(50, 8)), keep_prob=column(1.0, 0.5))
    assert (kept[0] == 1).all()
    assert (kept[1] == 0).any()


def test_draws_belong_to_the_seed_the_epoch_and_the_layer() -> None:
    drawn = draws(1, 3, layer=1, shape=(5, 7))
    np.testing.assert_array_equal(draws(1, 3, layer=1, shape=(5, 7)), drawn)
    others = [
        draws(9, 3, layer=1, shape=(5, 7)),
        draws(1, 9, layer=1, shape=(5, 7)),
        draws(1, 3, layer=2, shape=(5, 7)),
    ]
    assert all(not np.array_equal(other, drawn) for other in others)


def test_the_way_back_is_the_numerical_gradient() -> None:
    rng = np.random.default_rng(0)
    a, da = rng.normal(size=(2, 5, 4)), rng.normal(size=(2, 5, 4))
    kept = mask(drawn_by(1, 2, shape=(5, 4)), keep_prob=column(0.5, 0.8))
    _, back = dropout(a, kept)
    found = differences(
        lambda moved: (dropout(moved["a"], kept)[0] * da).sum(axis=(1, 2)), {"a": a}, {"a": back(da.copy())}
    )
    assert found["a"] <= TOLERANCE
