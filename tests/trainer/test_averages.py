import numpy as np
import pytest

from trainer import averages
from trainer.arrays import Array


def column(*values: float) -> Array:
    return np.array(values).reshape(-1, 1, 1)


def test_two_steps_by_hand() -> None:
    average = averages.start(column(0.0))
    average = averages.update(average, column(10.0), beta=column(0.9))
    np.testing.assert_allclose((1 - 0.9) * average.total, 1.0)
    np.testing.assert_allclose(averages.corrected(average), 10.0)
    average = averages.update(average, column(20.0), beta=column(0.9))
    np.testing.assert_allclose((1 - 0.9) * average.total, 0.9 * 1.0 + 0.1 * 20.0)
    np.testing.assert_allclose(averages.corrected(average), 2.9 / (1 - 0.81))


def test_each_network_has_its_own_beta() -> None:
    average = averages.update(averages.start(column(0.0, 0.0)), column(8.0, 8.0), beta=column(0.5, 0.0))
    average = averages.update(average, column(8.0, 4.0), beta=column(0.5, 0.0))
    np.testing.assert_allclose(average.total.ravel(), [12, 4])
    np.testing.assert_allclose(average.weight.ravel(), [1.5, 1])


def test_the_corrected_average_of_a_constant_is_the_constant_from_the_first_step() -> None:
    average = averages.start(column(0.0))
    for _ in range(50):
        average = averages.update(average, column(3.0), beta=column(0.999))
        np.testing.assert_allclose(averages.corrected(average), 3.0)


def test_a_beta_near_one_keeps_its_digits_in_float32() -> None:
    average, ones = averages.start(np.zeros((1, 1, 1), np.float32)), np.ones((1, 1, 1), np.float32)
    for _ in range(10):
        average = averages.update(average, ones, beta=column(0.99999))
    assert average.total.dtype == np.float32
    np.testing.assert_allclose(averages.corrected(average), 1, rtol=1e-6)


def test_the_weights_of_coming_steps_are_those_of_one_step_after_the_other() -> None:
    average = averages.start(column(0.0, 0.0))
    coming = averages.coming_weights(average.weight, beta=column(0.9, 0.5), n_steps=4)
    for t in range(4):
        average = averages.update(average, column(1.0, 1.0), beta=column(0.9, 0.5))
        np.testing.assert_array_equal(coming[t], average.weight)


def test_adding_in_place_is_updating() -> None:
    average = averages.update(averages.start(column(0.0)), column(10.0), beta=column(0.9))
    total = average.total.copy()
    averages.add(total, column(20.0), beta=0.9)
    np.testing.assert_array_equal(total, averages.update(average, column(20.0), beta=column(0.9)).total)


def test_an_average_of_nothing_has_no_value() -> None:
    with pytest.raises(ValueError, match="no values"):
        averages.corrected(averages.start(column(0.0)))


def test_update_and_keep_leave_the_given_average_as_it_was() -> None:
    first = averages.update(averages.start(column(0.0, 0.0)), column(1.0, 2.0), beta=column(0.9, 0.9))
    before = first.total.copy()
    averages.update(first, column(5.0, 5.0), beta=column(0.9, 0.9))
    kept = averages.keep(first, [1])
    kept.total[:] = 99
    np.testing.assert_array_equal(first.total, before)
