import numpy as np
import pytest

from trainer.memory import LINE_BYTES, SLAB_BYTES, Reused, classes_first, fresh


def test_the_nth_array_of_a_step_lies_where_it_lay_in_the_step_before() -> None:
    memory = Reused()
    steps = []
    for _ in range(2):
        memory.begin("a")
        steps.append([memory((2, 3), np.float32), memory((4,), np.float64)])
    assert [one is other for one, other in zip(*steps, strict=True)] == [True, True]
    assert steps[0][0] is not steps[0][1]
    assert memory.n_bytes == 2 * 3 * 4 + 4 * 8


def test_steps_of_another_key_have_memory_of_their_own() -> None:
    memory = Reused()
    memory.begin("a")
    first = memory((2,), np.float32)
    memory.begin("b")
    assert not np.shares_memory(first, memory((2,), np.float32))


def test_a_step_that_asks_for_another_shape_is_refused() -> None:
    memory = Reused()
    for shape in ((2,), (3,)):
        memory.begin("a")
        if shape == (3,):
            with pytest.raises(ValueError, match=r"asks for an array \(3,\) where the step before it had \(2,\)"):
                memory(shape, np.float32)
        else:
            memory(shape, np.float32)


def test_classes_lie_first_in_memory() -> None:
    array = classes_first(fresh)((2, 5, 3), np.float32)
    assert array.shape == (2, 5, 3)
    assert array.strides == (60, 4, 20)


def test_arrays_begin_with_a_cache_line_and_do_not_overlap() -> None:
    memory = Reused()
    memory.begin("a")
    shapes = [(3,), (17, 5), (1,), (SLAB_BYTES // 4,), (2, 2)]
    arrays = [memory(shape, np.float32) for shape in shapes]
    assert [array.ctypes.data % LINE_BYTES for array in arrays] == [0] * len(shapes)
    for number, array in enumerate(arrays):
        array.fill(number)
    assert [set(array.ravel()) for array in arrays] == [{number} for number in range(len(shapes))]
