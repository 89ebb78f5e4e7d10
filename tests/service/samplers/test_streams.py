"""Random numbers: the same for ever, and independent of one another."""

import numpy as np
import pytest

from service.samplers.streams import trial_seed, uniforms

LARGEST = 2**53 - 1


@pytest.mark.parametrize(
    ("seed", "number", "expected"),
    [
        (0, 0, [0.011546754286331562, 0.24154919656271812, 0.11142585551493822, 0.5644146216071337]),
        (7, 123, [0.13777895988078537, 0.6271731097715028, 0.46848461462923907, 0.070166640201616]),
        (LARGEST, 10_000_000, [0.629397849309983, 0.8815497524529681]),
    ],
)
def test_the_numbers_of_a_trial_never_change(seed: int, number: int, expected: list[float]) -> None:
    assert uniforms(len(expected), seed=seed, number=number) == expected


@pytest.mark.parametrize(
    ("seed", "number", "expected"),
    [
        (0, 0, 3082108523716354),
        (0, 1, 1225684766319442),
        (1, 0, 2431106710938380),
        (LARGEST, 9_999_999, 5367533326935421),
    ],
)
def test_the_seed_of_a_trial_never_changes(seed: int, number: int, expected: int) -> None:
    assert trial_seed(seed=seed, number=number) == expected


def test_asking_for_more_numbers_does_not_change_the_first() -> None:
    assert uniforms(9, seed=3, number=4)[:5] == uniforms(5, seed=3, number=4)
    assert uniforms(0, seed=3, number=4) == []


def test_no_two_streams_share_a_number() -> None:
    streams = [uniforms(8, seed=seed, number=number) for seed in range(20) for number in range(20)]
    assert len({value for stream in streams for value in stream}) == 20 * 20 * 8
    assert len({trial_seed(seed=seed, number=number) for seed in range(20) for number in range(20)}) == 400


def test_seed_and_number_are_not_interchangeable() -> None:
    assert uniforms(1, seed=1, number=2) != uniforms(1, seed=2, number=1)


def test_a_trials_seed_has_nothing_to_do_with_its_hyperparameters() -> None:
    for number in range(50):
        assert trial_seed(seed=0, number=number) * 2.0**-53 not in uniforms(50, seed=0, number=number)


def test_numbers_fill_the_unit_interval_evenly_and_do_not_follow_each_other() -> None:
    draws = np.array([uniforms(4, seed=0, number=number) for number in range(4000)])
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    counts = np.stack([np.histogram(column, bins=10, range=(0, 1))[0] for column in draws.T])
    assert np.abs(counts - 400).max() < 5 * np.sqrt(400)
    neighbours = np.hstack([draws[1:], draws[:-1]])
    correlations = np.corrcoef(neighbours.T) - np.eye(8)
    assert np.abs(correlations).max() < 0.08


def test_a_trials_seed_is_a_whole_number_to_every_json_reader() -> None:
    seeds = [trial_seed(seed=0, number=number) for number in range(1000)]
    assert all(0 <= seed <= LARGEST for seed in seeds)
    assert max(seeds) > 2**52
