import numpy as np

from trainer.architecture import Architecture
from trainer.lanes import LINE_COLUMNS, Lanes, lanes_of


def test_every_network_has_columns_of_its_own_that_begin_on_a_cache_line() -> None:
    lanes = Lanes([(2, 5), (1, LINE_COLUMNS), (3, LINE_COLUMNS + 1)])
    row = lanes.row(4, np.float32, filled_with=-1)
    for number, part in enumerate(lanes.parts(row)):
        part[...] = 10 * number + np.arange(len(part))[:, np.newaxis, np.newaxis]
    owners = [*[0] * 5, *[-1] * 11, *[1] * 5, *[-1] * 11, *[10] * LINE_COLUMNS]
    owners += [owner for k in range(3) for owner in [*[20 + k] * (LINE_COLUMNS + 1), *[-1] * (LINE_COLUMNS - 1)]]
    assert row.tolist() == [[owners] * 4]
    assert lanes.n_columns == len(owners)


def test_parts_share_the_memory_of_their_row_and_are_stacked_matrices() -> None:
    lanes = Lanes([(2, 5), (1, 3)])
    row = lanes.row(4, np.float64)
    parts = lanes.parts(row)
    assert [part.shape for part in parts] == [(2, 4, 5), (1, 4, 3)]
    assert all(np.shares_memory(part, row) for part in parts)


def test_a_layer_has_lanes_for_the_groups_that_are_so_deep() -> None:
    groups = [(Architecture(4, hidden, 3, True), size) for hidden, size in (((5, 7), 2), ((), 1), ((6,), 3))]
    shapes = [[part.shape for part in lanes.parts(lanes.row(1, np.float32))] for lanes in lanes_of(groups)]
    assert shapes == [[(2, 1, 5), (3, 1, 6)], [(2, 1, 7)]]
