import numpy as np
import pytest

from trainer.architecture import Architecture
from trainer.arrays import flat_size, views
from trainer.averages import Average
from trainer.moments import BETA, group_by_group, side_by_side


def groups_of(*each: tuple[tuple[int, ...], bool, int]) -> list[tuple[Architecture, Average]]:
    """(hidden, has_batch_norm, K) of each group, with totals that are all different."""
    rng = np.random.default_rng(0)
    architectures = [Architecture(4, hidden, 3, has_batch_norm) for hidden, has_batch_norm, _ in each]
    sizes = [size for _, _, size in each]
    return [
        (one, Average(rng.normal(size=(size, 1, flat_size(one.moment_shapes))), np.ones((size, 1, 1))))
        for one, size in zip(architectures, sizes, strict=True)
    ]


def test_totals_go_into_rows_and_back_without_a_change() -> None:
    groups = groups_of(((5, 2), True, 2), ((), False, 1), ((7,), True, 1))
    rows = side_by_side(groups)
    assert [row.shape[:2] for row in rows] == [(1, 2), (1, 2)]
    for after, (_, before) in zip(group_by_group(rows, groups, n_steps=1), groups, strict=True):
        assert after.total.tolist() == before.total.tolist()
        assert after.weight.ravel() == pytest.approx([BETA + 1] * len(before.total))


def test_the_first_row_of_a_layer_is_mu_and_the_second_sigma2() -> None:
    [(architecture, average)] = groups = groups_of(((5,), True, 1))
    named = views(average.total, architecture.moment_shapes)
    [row] = side_by_side(groups)
    assert row[0, :, :5].tolist() == [named["mu[1]"][0, 0].tolist(), named["sigma2[1]"][0, 0].tolist()]


def test_networks_that_do_not_normalise_have_no_rows() -> None:
    groups = groups_of(((5,), False, 2))
    assert side_by_side(groups) == []
    assert group_by_group([], groups, n_steps=3)[0].total.shape == (2, 1, 0)
