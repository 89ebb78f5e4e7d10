"""Claim: which trials of a search a worker gets, how many, and that a claim can be repeated blindly."""

from datetime import timedelta

import pytest

from caviar.states import AttemptOutcome, TrialState
from service.storage.claims import Grant
from tests.service.desk import TTL, Desk, a_key


def numbers(grants: list[Grant]) -> list[int]:
    return [grant.trial.number for grant in grants]


def test_a_claimed_trial_runs_under_a_lease_of_its_first_attempt(desk: Desk) -> None:
    search_id = desk.search(queued=2)
    grant = desk.claim_one("ada")
    assert (grant.trial.number, grant.trial.attempt, grant.trial.state) == (0, 1, TrialState.RUNNING)
    assert (grant.search.id, grant.trial.hyperparameters) == (search_id, {"x": 0.0})
    assert desk.states(search_id) == [TrialState.RUNNING, TrialState.QUEUED]
    (attempt,) = desk.attempts(grant.trial.id)
    assert (attempt.attempt, attempt.worker, attempt.outcome) == (1, "ada", AttemptOutcome.RUNNING)
    assert (attempt.started_at, attempt.ended_at) == (desk.now, None)
    assert desk.expiry(grant) == desk.now + TTL


def test_trials_are_claimed_by_number(desk: Desk) -> None:
    desk.search(queued=6)
    assert numbers(desk.claim(capacity=4)) == [0, 1, 2, 3]
    assert numbers(desk.claim(capacity=4)) == [4, 5]
    assert desk.claim(capacity=4) == []


def test_every_lease_has_a_token_of_its_own(desk: Desk) -> None:
    desk.search(queued=6)
    grants = [*desk.claim(capacity=3), *desk.claim(capacity=3)]
    assert len({grant.token for grant in grants}) == 6


def test_trials_of_the_first_ones_stack_come_before_all_others(desk: Desk) -> None:
    desk.search(stacks=["a", "b", "a", "b", "a", "c"])
    assert numbers(desk.claim(capacity=2)) == [0, 2]
    assert numbers(desk.claim(capacity=3)) == [1, 3, 4]
    assert numbers(desk.claim(capacity=3)) == [5]


def test_capacity_left_by_the_first_stack_is_filled_stack_by_stack(desk: Desk) -> None:
    desk.search(stacks=["b", "a", "c", "b", "a", "c"])
    assert numbers(desk.claim(capacity=5)) == [0, 3, 1, 4, 2]


def test_the_oldest_round_comes_first_and_what_is_claimed_is_given_stack_by_stack(desk: Desk) -> None:
    search_id = desk.search(stacks=["a", "b", "c"], trials=6, parallel=6)
    desk.plan(search_id, ["b", "c", "a"])
    assert numbers(desk.claim(capacity=4)) == [0, 5, 1, 2]
    assert numbers(desk.claim(capacity=4)) == [3, 4]


@pytest.mark.parametrize(("workers", "queued", "expected"), [(1, 7, 7), (2, 7, 4), (3, 7, 3), (7, 7, 1), (9, 7, 1)])
def test_a_worker_gets_at_most_its_share_of_what_is_queued(
    desk: Desk, workers: int, queued: int, expected: int
) -> None:
    for name in range(workers):
        desk.claim(f"worker-{name}")
    desk.search(queued=queued)
    assert len(desk.claim("worker-0", capacity=1000)) == expected


def test_all_that_is_queued_goes_to_who_is_free_when_the_others_hold_their_share(desk: Desk) -> None:
    desk.claim("ada")
    desk.claim("bob")
    desk.search(queued=16)
    assert len(desk.claim("ada", capacity=1000)) == 8
    assert len(desk.claim("bob", capacity=1000)) == 8


def test_a_worker_that_holds_little_still_gets_the_rest_of_its_share(desk: Desk) -> None:
    desk.claim("bob")
    desk.search(queued=9)
    assert len(desk.claim("ada", capacity=1)) == 1
    assert len(desk.claim("bob", capacity=1000)) == 5
    assert len(desk.claim("ada", capacity=1000)) == 3


def test_a_worker_that_holds_its_share_gets_one_trial_at_a_time(desk: Desk) -> None:
    desk.claim("bob")
    desk.search(queued=8)
    assert len(desk.claim("ada", capacity=1000)) == 4
    assert len(desk.claim("ada", capacity=1000)) == 1


def test_a_worker_with_little_capacity_gets_no_more_than_that(desk: Desk) -> None:
    desk.search(queued=7)
    assert len(desk.claim(capacity=2)) == 2


def test_only_live_workers_that_offer_the_trainer_share(desk: Desk) -> None:
    desk.claim("gone")
    desk.wait(3600)
    desk.claim("of-another-trade", trainers=["forest"])
    desk.claim("colleague", trainers=["forest", "toy"])
    desk.search(queued=8)
    assert len(desk.claim("ada", capacity=1000)) == 4


def test_a_worker_that_only_reports_still_has_its_share(desk: Desk) -> None:
    desk.search(queued=1)
    busy = desk.claim_one("busy")
    for _ in range(10):
        desk.wait(20)
        desk.report(busy)
    desk.search(queued=8)
    assert len(desk.claim("ada", capacity=1000)) == 4


def test_never_more_trials_run_than_parallel_allows(desk: Desk) -> None:
    search_id = desk.search(queued=6, parallel=2)
    first, _ = desk.claim(capacity=6)
    assert desk.claim(capacity=6) == []
    desk.finish(first, score=1.0)
    assert numbers(desk.claim(capacity=6)) == [2]
    assert desk.read(search_id).counts[TrialState.RUNNING] == 2


def test_a_claim_repeated_under_its_key_gives_the_same_trials_and_tokens(desk: Desk) -> None:
    desk.search(queued=5)
    key = a_key()
    first = desk.claim(capacity=2, key=key)
    again = desk.claim(capacity=2, key=key)
    assert [(g.trial.id, g.trial.attempt, g.token) for g in again] == [
        (g.trial.id, g.trial.attempt, g.token) for g in first
    ]
    assert len(desk.claim(capacity=9)) == 3


def test_a_repeated_claim_renews_its_leases(desk: Desk) -> None:
    desk.search()
    key = a_key()
    (grant,) = desk.claim(key=key)
    desk.wait(TTL.total_seconds() - 1)
    desk.claim(key=key)
    assert desk.expiry(grant) == desk.now + TTL


def test_a_repeated_claim_gives_only_what_is_still_held(desk: Desk) -> None:
    desk.search(queued=3)
    key = a_key()
    finished, cancelled, kept = desk.claim(capacity=3, key=key)
    desk.finish(finished, score=1.0)
    desk.cancel(cancelled.trial.id)
    assert numbers(desk.claim(capacity=3, key=key)) == [kept.trial.number]
    desk.lose(kept)
    assert desk.claim(capacity=3, key=key) == []


def test_a_repeated_claim_does_not_get_a_trial_that_another_holds_by_now(desk: Desk) -> None:
    desk.search()
    key = a_key()
    (grant,) = desk.claim("ada", key=key)
    desk.lose(grant)
    taken = desk.claim_one("bob")
    assert desk.claim("ada", key=key) == []
    assert desk.report(taken, 1, score=0.5).status == "ok"


def test_a_key_that_got_nothing_can_be_used_again(desk: Desk) -> None:
    key = a_key()
    assert desk.claim(key=key) == []
    desk.search()
    assert len(desk.claim(key=key)) == 1


def test_every_claim_raises_the_attempt(desk: Desk) -> None:
    search_id = desk.search()
    attempts = []
    for _ in range(3):
        grant = desk.claim_one()
        attempts.append(grant.trial.attempt)
        desk.finish(grant, "returned")
    assert attempts == [1, 2, 3]
    assert desk.trial(search_id).attempt == 3


def test_a_trial_is_claimed_again_no_sooner_than_it_is_available(desk: Desk) -> None:
    desk.search()
    for _ in range(2):
        desk.lose(desk.claim_one())
    assert desk.claim() == []
    desk.now += timedelta(seconds=4)
    assert len(desk.claim()) == 1
