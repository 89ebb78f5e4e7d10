import numpy as np

from trainer.arrays import flat_size, flatten, views

SHAPES = {"w": (2, 3), "b": (1, 3), "v": (3, 1)}


def test_views_lie_one_after_the_other_in_the_order_of_the_shapes() -> None:
    flat = np.arange(24.0).reshape(2, 1, 12)
    arrays = views(flat, SHAPES)
    assert flat_size(SHAPES) == 12
    assert {name: array.shape for name, array in arrays.items()} == {"w": (2, 2, 3), "b": (2, 1, 3), "v": (2, 3, 1)}
    np.testing.assert_array_equal(arrays["w"][1], [[12, 13, 14], [15, 16, 17]])
    np.testing.assert_array_equal(arrays["v"][0], [[9], [10], [11]])


def test_views_share_the_memory_of_the_flat_array_for_one_network_too() -> None:
    for n_networks in (1, 2):
        flat = np.zeros((n_networks, 1, 12))
        views(flat, SHAPES)["b"][:] = 5
        assert flat.sum() == 15 * n_networks


def test_flatten_undoes_views_in_a_new_array() -> None:
    flat = np.random.default_rng(0).normal(size=(3, 1, 12))
    again = flatten(views(flat, SHAPES), SHAPES, like=flat)
    np.testing.assert_array_equal(again, flat)
    assert not np.shares_memory(again, flat)


def test_nothing_flattens_to_nothing() -> None:
    assert flatten({}, {}, like=np.zeros((3, 1, 0))).shape == (3, 1, 0)
