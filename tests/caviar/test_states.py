"""The tables of transitions."""

from enum import StrEnum

import pytest

from caviar.states import (
    OPEN_STATES,
    RANKED_STATES,
    SEARCH_TRANSITIONS,
    TRIAL_TRANSITIONS,
    AttemptOutcome,
    SearchState,
    TrialState,
)


@pytest.mark.parametrize(("table", "states"), [(TRIAL_TRANSITIONS, TrialState), (SEARCH_TRANSITIONS, SearchState)])
def test_every_state_has_its_row_and_no_state_leads_to_itself(
    table: dict[StrEnum, frozenset[StrEnum]], states: type[StrEnum]
) -> None:
    assert set(table) == set(states)
    assert all(state not in following for state, following in table.items())


@pytest.mark.parametrize(
    ("table", "first"), [(TRIAL_TRANSITIONS, TrialState.QUEUED), (SEARCH_TRANSITIONS, SearchState.ACTIVE)]
)
def test_every_state_can_be_reached_from_the_first(table: dict[StrEnum, frozenset[StrEnum]], first: StrEnum) -> None:
    reached, todo = {first}, [first]
    while todo:
        new = table[todo.pop()] - reached
        reached |= new
        todo.extend(new)
    assert reached == set(table)


def test_a_trial_is_over_exactly_when_it_is_not_open() -> None:
    assert {state for state, following in TRIAL_TRANSITIONS.items() if following} == OPEN_STATES
    assert not OPEN_STATES & RANKED_STATES


def test_an_attempt_can_end_as_its_trial_can() -> None:
    ended = {state.value for state in TrialState} - {state.value for state in OPEN_STATES}
    assert ended < {outcome.value for outcome in AttemptOutcome}


def test_only_what_runs_is_queued_again_and_only_what_is_not_failed_or_cancelled_goes_on() -> None:
    assert [state for state, following in TRIAL_TRANSITIONS.items() if TrialState.QUEUED in following] == ["running"]
    goes_on = {state for state, following in SEARCH_TRANSITIONS.items() if SearchState.ACTIVE in following}
    assert goes_on == {SearchState.PAUSED, SearchState.COMPLETED}
