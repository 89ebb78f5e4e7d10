"""The width: halved by results without a better one, doubled by better ones in a row, spent at its floor."""

import json
from collections.abc import Sequence

import pytest

from service.samplers.interface import Result
from service.samplers.width import FEWEST_LOSSES_TO_HALVE, FLOOR, WINS_TO_DOUBLE, Width, after, width_from_json

DIMENSIONS = FEWEST_LOSSES_TO_HALVE + 2


def results(scores: Sequence[float | None], *, first: int = 0) -> list[Result]:
    return [Result(number, {}, score) for number, score in enumerate(scores, start=first)]


def counted(width: Width, scores: Sequence[float | None], *, dimensions: int = DIMENSIONS) -> Width:
    """After these further results."""
    return after(width, results(scores, first=width.counted), dimensions=dimensions)


@pytest.mark.parametrize("dimensions", [1, FEWEST_LOSSES_TO_HALVE, DIMENSIONS])
def test_as_many_results_as_there_are_parameters_without_a_better_one_halve_it(dimensions: int) -> None:
    patience = max(dimensions, FEWEST_LOSSES_TO_HALVE)
    before = counted(Width(), [0.5, *[1.0] * (patience - 1)], dimensions=dimensions)
    assert (before.share, before.losses) == (1.0, patience - 1)
    halved = counted(before, [None], dimensions=dimensions)
    assert (halved.share, halved.losses, halved.is_spent) == (0.5, 0, False)
    assert f"halved after {patience}" in halved.event


def test_a_better_result_sets_the_losses_back() -> None:
    width = counted(Width(), [5.0, *[9.0] * (DIMENSIONS - 1), 4.0, *[9.0] * (DIMENSIONS - 1)])
    assert (width.share, width.losses, width.wins) == (1.0, DIMENSIONS - 1, 0)


def test_an_equal_result_is_not_better() -> None:
    assert counted(Width(), [0.5] * (DIMENSIONS + 1)).share == 0.5


def test_better_results_in_a_row_double_it_and_never_beyond_the_whole() -> None:
    scores = [-float(n) for n in range(WINS_TO_DOUBLE)]
    doubled = counted(Width(share=0.25), scores)
    assert (doubled.share, doubled.wins) == (0.5, 0)
    assert "doubled" in doubled.event
    whole = counted(Width(share=1.0), scores)
    assert (whole.share, whole.event) == (1.0, "")


def test_failures_are_losses_and_a_stopped_trial_does_not_beat_one_that_ran_to_its_end() -> None:
    assert counted(Width(), [None] * DIMENSIONS).share == 0.5
    ended = counted(Width(), [5.0])
    stopped = after(ended, [Result(1, {}, 0.0, step=3)], dimensions=DIMENSIONS)
    assert (stopped.losses, stopped.best) == (1, ended.best)


def test_at_its_floor_it_is_spent_only_after_as_many_losses_again() -> None:
    width, halvings = Width(), 0
    while not width.is_spent:
        width = counted(width, [None] * DIMENSIONS)
        halvings += 1
        assert width.share >= FLOOR
    assert width.share == FLOOR
    assert 2.0**-halvings < FLOOR / 2


def test_each_result_counts_once_however_results_are_cut_into_rounds() -> None:
    scores = [float((7 * n) % 13) for n in range(40)]
    at_once, by_and_by = counted(Width(), scores), Width()
    for seen in (0, 1, 5, 5, 17, 40):
        by_and_by = after(by_and_by, results(scores[:seen]), dimensions=DIMENSIONS)
    assert by_and_by.counted == 40
    assert (by_and_by.share, by_and_by.losses, by_and_by.best) == (at_once.share, at_once.losses, at_once.best)


def test_of_a_long_search_only_the_newest_results_are_counted() -> None:
    width = Width(share=0.5, counted=500, best=(0, 0, 1.0))
    memory = [Result(3, {}, 0.5), Result(500, {}, 2.0), Result(501, {}, None)]
    assert after(width, memory, dimensions=DIMENSIONS).losses == 2


def test_a_straggler_is_counted_when_it_comes_and_nothing_twice() -> None:
    found = results([9.0, 5.0, 9.0, 0.1, 9.0, 9.0])
    early = after(Width(), [found[0], found[1], found[5]], dimensions=DIMENSIONS)
    assert (early.counted, early.missing, early.losses) == (6, (2, 3, 4), 1)
    later = after(early, [*found[:2], found[3], found[5]], dimensions=DIMENSIONS)
    assert (later.missing, later.wins, later.losses, later.best) == ((2, 4), 1, 0, (0, 0, 0.1))
    assert after(later, found, dimensions=DIMENSIONS).losses == 2
    assert after(later, found, dimensions=DIMENSIONS).missing == ()


@pytest.mark.parametrize(
    "width", [Width(), Width(0.25, wins=1, losses=2, counted=9, missing=(3, 7), best=(1, -3, 0.5))]
)
def test_it_goes_through_json(width: Width) -> None:
    assert width_from_json(json.loads(json.dumps(width.to_json()))) == width
    assert width_from_json(None) == Width()


def test_a_search_that_an_earlier_release_began_goes_on() -> None:
    stored = {"share": 0.25, "wins": 1, "losses": 2, "counted": 9, "best": None}
    assert width_from_json(stored) == Width(0.25, wins=1, losses=2, counted=9)
