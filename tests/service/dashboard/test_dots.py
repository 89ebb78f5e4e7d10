"""The strip of dots."""

import pytest

from service.dashboard.dots import MOST, PER_ROW, strip


def states(counts: dict[str, int], budget: int) -> list[str]:
    return [dot.state for dot in strip(counts, budget).dots]


def test_a_small_search_has_a_dot_per_trial_in_the_order_of_their_ends() -> None:
    counts = {"queued": 1, "running": 1, "completed": 2, "stopped": 1, "failed": 1, "cancelled": 0}
    assert states(counts, 8) == ["completed", "completed", "stopped", "failed", "running", "queued", "open", "open"]


@pytest.mark.parametrize("budget", [MOST + 1, 1000, 50_000, 10_000_000])
def test_a_large_one_has_as_many_as_fit_each_for_its_share(budget: int) -> None:
    found = states({"completed": budget // 2, "failed": budget // 4}, budget)
    assert len(found) == MOST
    assert abs(found.count("completed") - MOST / 2) <= 1
    assert abs(found.count("failed") - MOST / 4) <= 1
    assert strip({}, budget).each * MOST >= budget


def test_more_trials_than_the_budget_have_their_dots_too() -> None:
    assert states({"completed": 3}, 1) == ["completed"] * 3


def test_dots_stand_in_rows_inside_the_drawing() -> None:
    made = strip({}, PER_ROW + 1)
    assert len({(dot.x, dot.y) for dot in made.dots}) == PER_ROW + 1
    assert all(0 < dot.x < made.width and 0 < dot.y < made.height for dot in made.dots)
