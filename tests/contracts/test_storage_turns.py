"""Claim: which search's turn it is."""

from collections import Counter

import pytest

from caviar.states import SearchState, TrialState
from service.storage import claims, searches
from tests.service.desk import Desk, a_claim


def has_work(desk: Desk, search: int | None = None, trainer: str = "toy") -> bool:
    with desk.database.read() as tx:
        return claims.has_work(tx, a_claim(trainers=[trainer]), search_id=search, now=desk.now)


def prioritise(desk: Desk, search_id: int, priority: int) -> None:
    with desk.database.write() as tx:
        searches.edit(tx, search_id, priority=priority)


def test_the_search_with_the_highest_priority_comes_first(desk: Desk) -> None:
    low, high, middle = (desk.search(queued=2, priority=priority) for priority in (-1, 9, 0))
    assert [desk.claim_one().search.id for _ in range(6)] == [high, high, middle, middle, low, low]


def test_a_priority_counts_from_the_moment_it_changes(desk: Desk) -> None:
    first, second = desk.search(queued=2), desk.search(queued=2)
    assert desk.claim_one().search.id == first
    prioritise(desk, first, 1)
    assert desk.claim_one().search.id == first
    prioritise(desk, second, 2)
    assert desk.claim_one().search.id == second


def test_among_equals_the_search_with_the_fewest_running_trials_comes_first(desk: Desk) -> None:
    large, small = desk.search(queued=50), desk.search(queued=5)
    claimed = Counter(desk.claim_one().search.id for _ in range(8))
    assert claimed == {large: 4, small: 4}


def test_a_claim_takes_trials_of_one_search_only(desk: Desk) -> None:
    first, second = desk.search(queued=2), desk.search(queued=2)
    assert {grant.search.id for grant in desk.claim(capacity=10)} == {first}
    assert {grant.search.id for grant in desk.claim(capacity=10)} == {second}


def test_a_worker_may_ask_for_one_search(desk: Desk) -> None:
    desk.search(queued=1, priority=9)
    wanted = desk.search(queued=1)
    assert desk.claim_one(search=wanted).search.id == wanted
    assert desk.claim(search=wanted) == []
    assert not has_work(desk, wanted)
    assert has_work(desk)


def test_a_worker_gets_only_trials_of_trainers_it_offers(desk: Desk) -> None:
    forest = desk.search(trainer="forest")
    assert desk.claim(trainers=["toy"]) == []
    assert not has_work(desk)
    assert has_work(desk, trainer="forest")
    (grant,) = desk.claim(trainers=["toy", "forest"])
    assert grant.search.id == forest


def test_nothing_of_a_paused_search_is_claimed_until_it_is_resumed(desk: Desk) -> None:
    search_id = desk.search(queued=2)
    running = desk.claim_one()
    desk.change(search_id, state=SearchState.PAUSED)
    assert (desk.claim(), has_work(desk)) == ([], False)
    assert desk.report(running, 1, score=1.0).status == "ok"
    assert desk.finish(running, score=1.0).status == "ok"
    desk.change(search_id, state=SearchState.ACTIVE)
    assert desk.claim_one().trial.number == 1


def test_nothing_is_claimed_after_the_deadline(desk: Desk) -> None:
    desk.search(queued=2, max_seconds=60)
    desk.wait(59)
    assert len(desk.claim()) == 1
    desk.wait(1)
    assert (desk.claim(), has_work(desk)) == ([], False)


def test_a_search_that_is_full_or_waits_does_not_stand_in_the_way_of_another(desk: Desk) -> None:
    full = desk.search(queued=2, parallel=1, priority=9)
    desk.claim_one()
    waiting = desk.search(queued=1, priority=8)
    for _ in range(2):
        desk.lose(desk.claim_one(search=waiting))
    other = desk.search(queued=1)
    assert desk.claim_one(search=full).search.id == full
    assert desk.claim_one().search.id == other


@pytest.mark.parametrize("capacity", [1, 3])
def test_what_is_queued_and_cannot_be_claimed_yet_is_no_work(desk: Desk, capacity: int) -> None:
    search_id = desk.search()
    for _ in range(2):
        desk.lose(desk.claim_one())
    assert desk.states(search_id) == [TrialState.QUEUED]
    assert (desk.claim(capacity=capacity), has_work(desk)) == ([], False)
    desk.wait(4)
    assert has_work(desk)
