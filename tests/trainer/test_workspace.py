import numpy as np

from trainer.architecture import Architecture
from trainer.workspace import Workspace, Workspaces

DEEP, FLAT = Architecture(4, (5, 7), 3, True), Architecture(4, (), 3, False)


def test_every_layer_is_entered_by_the_layer_before_it_in_each_group() -> None:
    work = Workspace([(DEEP, 2), (FLAT, 1)], 6, np.float32, has_dropout=False)
    first, second = work.hidden
    [x] = first.entering
    assert np.shares_memory(x, work.x[:2])
    assert first.da_below == [None]
    [a], [da] = second.entering, second.da_below
    assert np.shares_memory(a, first.a)
    assert da is not None
    assert np.shares_memory(da, first.da)
    for entering, whole in zip(work.output.entering, (second.a, work.x[2:]), strict=True):
        assert np.shares_memory(entering, whole)
    assert work.output.da_below[1] is None
    assert work.output.z.shape == work.y.shape == (3, 6, 3)


def test_what_dropout_leaves_is_what_enters_the_next_layer() -> None:
    work = Workspace([(DEEP, 1)], 6, np.float32, has_dropout=True)
    assert np.shares_memory(work.hidden[1].entering[0], work.hidden[0].dropped)
    assert not np.shares_memory(work.hidden[0].dropped, work.hidden[0].a)


def test_a_workspace_is_made_once_for_the_same_groups_and_batch_size() -> None:
    made = Workspaces()

    def get(size: int, n_examples: int) -> Workspace:
        return made.get([(DEEP, size)], n_examples, np.float32, has_dropout=False)

    first = get(3, 6)
    assert get(3, 6) is first
    assert get(3, 2) is not first
    assert get(2, 6).x.shape == (2, 6, 4)
    assert get(3, 6) is not first
