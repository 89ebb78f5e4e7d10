"""When a search ends by itself."""

from datetime import timedelta
from typing import Any

import pytest

from caviar.states import Goal, SearchState, TrialState
from service.lifecycle import Facts, failed_start, score_of, verdict
from tests.service.desk import START

GOES_ON = None


def facts(*, state: SearchState = SearchState.ACTIVE, **fields: Any) -> Facts:
    """A search with 20 trials; counts are named by their state, all others are 0."""
    counts = {state: fields.pop(state.value, 0) for state in TrialState}
    plain = {"budget": 20, "best_score": None, "target": None, "deadline_at": None, "has_failed_start": False}
    return Facts(state=state, counts=counts, **(plain | fields))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, GOES_ON),
        ({"queued": 20}, GOES_ON),
        ({"completed": 19, "running": 1}, GOES_ON),
        ({"completed": 20}, SearchState.COMPLETED),
        ({"completed": 5, "stopped": 10, "failed": 3, "cancelled": 2}, SearchState.COMPLETED),
        ({"stopped": 1, "failed": 19}, SearchState.COMPLETED),
        ({"cancelled": 20}, SearchState.COMPLETED),
        ({"completed": 25}, SearchState.COMPLETED),
        ({"failed": 2, "budget": 2}, SearchState.FAILED),
        ({"failed": 1, "cancelled": 19}, SearchState.FAILED),
        ({"failed": 19, "running": 1}, GOES_ON),
        ({"failed": 5, "has_failed_start": True}, SearchState.FAILED),
        ({"failed": 5, "completed": 1, "running": 4, "has_failed_start": True}, SearchState.FAILED),
        ({"completed": 1, "best_score": 0.5, "target": 0.4}, GOES_ON),
        ({"completed": 1, "best_score": 0.4, "target": 0.4}, SearchState.COMPLETED),
        ({"completed": 1, "best_score": -1.0, "target": 0.4}, SearchState.COMPLETED),
        ({"completed": 1, "best_score": None, "target": 0.4}, GOES_ON),
        ({"queued": 3, "deadline_at": START}, SearchState.COMPLETED),
        ({"queued": 3, "deadline_at": START + timedelta(microseconds=1)}, GOES_ON),
        ({"queued": 3, "running": 1, "deadline_at": START}, GOES_ON),
    ],
)
def test_a_search_ends_as_its_facts_demand(given: dict[str, Any], expected: SearchState | None) -> None:
    assert verdict(facts(**given), now=START) is expected
    assert verdict(facts(state=SearchState.PAUSED, **given), now=START) is expected


@pytest.mark.parametrize("state", [SearchState.COMPLETED, SearchState.FAILED, SearchState.CANCELLED])
def test_a_search_that_ended_does_not_end_again(state: SearchState) -> None:
    assert verdict(facts(state=state, completed=20, deadline_at=START), now=START) is None


@pytest.mark.parametrize(("parallel", "first"), [(1, 5), (5, 5), (6, 6), (64, 64)])
def test_a_search_is_given_five_trials_or_as_many_as_run_at_once(parallel: int, first: int) -> None:
    assert failed_start(parallel) == first


def test_a_score_is_lower_where_the_value_is_better() -> None:
    assert (score_of(0.25, Goal.MINIMIZE), score_of(0.25, Goal.MAXIMIZE)) == (0.25, -0.25)
