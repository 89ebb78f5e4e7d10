"""Sobol's sequence: the published one, scrambled so that it stays as even as it was."""

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import qmc

from service.samplers.sobol import DIMENSIONS, point, unscrambled
from service.samplers.streams import uniforms

LARGEST = 2**53 - 1
SEEDS = (0, 1, 7, 2**32, LARGEST)


def scrambled(dimensions: int, *, seed: int, count: int) -> NDArray[np.float64]:
    return np.array([point(dimensions, seed=seed, number=number) for number in range(count)])


def test_without_scrambling_it_is_the_sequence_of_joe_and_kuo() -> None:
    reference = qmc.Sobol(DIMENSIONS, scramble=False, bits=32).random(2048)
    ours = np.array([unscrambled(DIMENSIONS, number=number) for number in range(2048)])
    np.testing.assert_array_equal(ours, reference)


def test_a_point_far_out_is_known_by_its_number_alone() -> None:
    far = 10_000_000
    sequence = qmc.Sobol(DIMENSIONS, scramble=False, bits=32)
    sequence.fast_forward(far)
    assert unscrambled(DIMENSIONS, number=far) == sequence.random(1)[0].tolist()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", [1, 4, 9])
def test_in_every_dimension_the_first_points_hold_one_in_each_equal_interval(seed: int, k: int) -> None:
    cells = np.floor(scrambled(DIMENSIONS, seed=seed, count=2**k) * 2**k)
    np.testing.assert_array_equal(np.sort(cells, axis=0), np.tile(np.arange(2.0**k)[:, None], DIMENSIONS))


@pytest.mark.parametrize("seed", SEEDS)
def test_in_the_first_two_dimensions_every_elementary_interval_holds_one_point(seed: int) -> None:
    k = 8
    x, y = scrambled(2, seed=seed, count=2**k).T
    for i in range(k + 1):
        cells = {(math.floor(a * 2**i), math.floor(b * 2 ** (k - i))) for a, b in zip(x, y, strict=True)}
        assert len(cells) == 2**k


@pytest.mark.parametrize("seed", SEEDS)
def test_any_run_of_a_power_of_two_beginning_at_its_multiple_is_as_even(seed: int) -> None:
    cells = np.floor(scrambled(16, seed=seed, count=192)[128:192] * 64)
    np.testing.assert_array_equal(np.sort(cells, axis=0), np.tile(np.arange(64.0)[:, None], 16))


def test_seeds_and_dimensions_are_scrambled_differently() -> None:
    columns = {tuple(column) for seed in SEEDS for column in scrambled(8, seed=seed, count=4).T}
    assert len(columns) == 8 * len(SEEDS)


def test_each_digit_is_flipped_in_half_of_the_scramblings() -> None:
    first = np.array([point(4, seed=seed, number=0) for seed in range(1000)])
    second = np.array([point(4, seed=seed, number=1) for seed in range(1000)])
    for digit in range(1, 9):
        for x in (first, second):
            assert np.floor(x * 2**digit % 2).mean(axis=0) == pytest.approx([0.5] * 4, abs=0.06)


def test_a_mean_over_the_cube_converges_faster_than_with_random_points() -> None:
    def error(count: int, *, is_random: bool) -> float:
        draw = uniforms if is_random else point
        means = [
            np.mean([math.exp(sum(draw(4, seed=seed, number=n * 1000 + 1 if is_random else n))) for n in range(count)])
            for seed in range(20)
        ]
        return float(np.sqrt(np.mean((np.array(means) - (math.e - 1) ** 4) ** 2)))

    ours = [error(count, is_random=False) for count in (16, 64, 256)]
    assert all(later < earlier / 2.5 for earlier, later in pairwise(ours))
    assert ours[-1] < error(256, is_random=True) / 10


@pytest.mark.parametrize(
    ("seed", "number", "expected"),
    [
        (0, 0, [0.9578811612445861, 0.8326029805466533, 0.13487359788268805]),
        (LARGEST, 9_999_999, [0.9188278056681156, 0.724269280442968, 0.3141363365575671]),
    ],
)
def test_the_points_of_a_search_never_change(seed: int, number: int, expected: list[float]) -> None:
    assert point(3, seed=seed, number=number) == expected


def test_dimensions_beyond_the_table_are_random_and_leave_the_others_as_they_are() -> None:
    whole = point(DIMENSIONS + 3, seed=5, number=9)
    assert whole[:DIMENSIONS] == point(DIMENSIONS, seed=5, number=9)
    assert whole[DIMENSIONS:] == uniforms(3, seed=5, number=9)
    assert point(0, seed=5, number=9) == []
    assert point(2, seed=5, number=9) == whole[:2]
