import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.batches import batch_slices, epoch_order


def sizes(n_examples: int, batch_size: int) -> list[int]:
    return [batch.stop - batch.start for batch in batch_slices(n_examples, batch_size)]


def test_the_short_last_batch_is_included() -> None:
    assert sizes(10, 4) == [4, 4, 2]
    assert sizes(8, 4) == [4, 4]


def test_a_last_batch_of_one_joins_the_one_before() -> None:
    assert sizes(9, 4) == [4, 5]
    assert sizes(3, 2) == [3]


def test_a_batch_size_of_one_is_stochastic_gradient_descent() -> None:
    assert sizes(3, 1) == [1, 1, 1]


def test_a_batch_size_above_the_number_of_examples_takes_them_all() -> None:
    assert sizes(10, 10) == sizes(10, 11) == sizes(10, 10**30) == [10]
    assert sizes(1, 5) == [1]


@given(st.integers(1, 300), st.integers(1, 300))
@settings(derandomize=True, deadline=None)
def test_every_example_stands_in_exactly_one_batch(n_examples: int, batch_size: int) -> None:
    rows = [row for batch in batch_slices(n_examples, batch_size) for row in range(n_examples)[batch]]
    assert rows == list(range(n_examples))
    if batch_size > 1 and n_examples > 1:
        assert min(sizes(n_examples, batch_size)) >= 2
    assert max(sizes(n_examples, batch_size)) <= batch_size + 1


def test_an_order_holds_every_example_once() -> None:
    order = epoch_order([3, 4], [0, 0], n_examples=50)
    np.testing.assert_array_equal(np.sort(order, axis=1), [range(50)] * 2)


def test_the_order_is_another_in_every_epoch_and_for_every_seed() -> None:
    orders = [tuple(epoch_order([seed], [epoch], n_examples=50)[0]) for seed in (3, 4) for epoch in range(5)]
    assert len(set(orders)) == 10


def test_the_order_of_a_network_is_the_same_in_any_stack_and_at_any_epoch_of_the_others() -> None:
    alone = epoch_order([3], [2], n_examples=50)[0]
    np.testing.assert_array_equal(epoch_order([9, 3], [5, 2], n_examples=50)[1], alone)
