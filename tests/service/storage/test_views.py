"""Which numbers a sample takes: from everywhere, and the same ones again while the search grows."""

from itertools import pairwise

import pytest

from service.storage.views import spread


@pytest.mark.parametrize("count", [0, 1, 99, 100])
def test_of_few_all_are_taken(count: int) -> None:
    assert spread(count, 100) == list(range(count))


@pytest.mark.parametrize("count", [101, 1000, 12_345, 1_000_000])
def test_of_many_at_most_so_many_and_from_everywhere(count: int) -> None:
    numbers = spread(count, 100)
    assert 49 <= len(numbers) <= 100
    assert 0 <= numbers[0] < numbers[-1] < count
    assert max(later - number for number, later in pairwise(numbers)) <= 4 * count / 100


def test_not_always_the_same_trial_of_a_round_is_taken() -> None:
    assert {number % 4 for number in spread(4000, 1000)} == {0, 1, 2, 3}


def test_a_sample_keeps_its_trials_while_the_search_grows() -> None:
    assert set(spread(801, 100)) <= set(spread(1599, 100))
