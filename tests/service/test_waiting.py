"""What a search is said to wait for."""

import pytest

from caviar.states import SearchState
from service.context import Service
from service.planning import advance
from service.searches import create
from service.waiting import waits_for
from tests.service.desk import START, Desk, a_spec

LIVE = {"toy": 1}


def test_a_search_whose_trials_are_being_run_waits_for_nothing(service: Service) -> None:
    search_id = create(service, a_spec(trials=3), idempotency_key=None).id
    desk = Desk(service.database)
    assert waits_for(desk.read(search_id), LIVE) is None
    desk.claim(capacity=9)
    assert waits_for(desk.read(search_id), LIVE) is None


def test_without_a_worker_for_its_trainer_it_says_which_to_start(service: Service) -> None:
    search = create(service, a_spec(), idempotency_key=None)
    assert "no live worker offers trainer toy" in str(waits_for(search, {"mlp": 3}))


def test_a_paused_search_says_how_to_resume_it(service: Service) -> None:
    search_id = create(service, a_spec(), idempotency_key=None).id
    desk = Desk(service.database)
    desk.change(search_id, state=SearchState.PAUSED)
    assert f"caviar resume {search_id}" in str(waits_for(desk.read(search_id), LIVE))
    desk.change(search_id, state=SearchState.CANCELLED)
    assert waits_for(desk.read(search_id), {}) is None


@pytest.mark.parametrize(("parallel", "straggler"), [(1, 0), (8, 0)])
def test_a_zoom_with_a_straggler_names_the_round_that_is_waited_for(
    service: Service, parallel: int, straggler: int
) -> None:
    search_id = create(service, a_spec(sampler="zoom", trials=50, parallel=parallel), idempotency_key=None).id
    desk = Desk(service.database)
    _, *others = desk.claim(capacity=9)
    for grant in others:
        desk.finish(grant, score=0.5)
    advance(service.database, search_id, now=START)
    search = desk.read(search_id)
    expected = f"round {search.next_round} begins when the last trial of round {straggler} has finished"
    assert waits_for(search, LIVE) == expected
