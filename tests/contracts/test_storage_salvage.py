"""A worker that comes back after its lease ran out keeps its work, as long as nobody took the trial meanwhile."""

import pytest

from caviar.states import AttemptOutcome, SearchState, TrialState
from service.storage.leases import MAX_LOST
from tests.service.desk import TTL, Desk, a_report, an_outcome


def test_a_heartbeat_takes_a_lost_trial_up_again(desk: Desk) -> None:
    search_id = desk.search()
    grant = desk.claim_one()
    desk.report(grant, 1, score=0.5)
    desk.lose(grant)
    assert desk.states(search_id) == [TrialState.QUEUED]

    answer = desk.report(grant)

    assert (answer.status, answer.ttl_seconds) == ("ok", TTL.total_seconds())
    trial, (attempt,) = desk.trial(search_id), desk.attempts(grant.trial.id)
    assert (trial.state, trial.attempt, trial.lost_count) == (TrialState.RUNNING, 1, 0)
    assert (attempt.outcome, attempt.ended_at) == (AttemptOutcome.RUNNING, None)
    assert desk.expiry(grant) == desk.now + TTL
    assert desk.claim("bob") == []


def test_a_late_report_is_kept_and_the_trial_goes_on(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.report(grant, 1, score=0.5)
    desk.lose(grant)
    assert desk.report(grant, 2, score=0.4).status == "ok"
    assert desk.curve(grant.trial.id) == [(1, 1, {"score": 0.5}), (1, 2, {"score": 0.4})]
    assert desk.finish(grant).status == "ok"


def test_a_late_finish_is_the_result(desk: Desk) -> None:
    search_id = desk.search()
    grant = desk.claim_one()
    desk.lose(grant)
    assert [desk.finish(grant, score=0.25).status for _ in range(2)] == ["ok", "ok"]
    trial, search = desk.trial(search_id), desk.read(search_id)
    assert (trial.state, trial.value, trial.lost_count) == (TrialState.COMPLETED, 0.25, 0)
    assert (search.state, search.best_trial) == (SearchState.COMPLETED, trial.id)


def test_a_trial_may_be_given_back_late(desk: Desk) -> None:
    search_id = desk.search()
    grant = desk.claim_one()
    desk.lose(grant)
    assert desk.finish(grant, "returned").status == "ok"
    assert (desk.states(search_id), desk.trial(search_id).lost_count) == ([TrialState.QUEUED], 0)
    assert desk.claim_one("bob").trial.attempt == 2


@pytest.mark.parametrize("is_finished", [False, True])
def test_what_another_worker_took_is_lost_for_good(desk: Desk, is_finished: bool) -> None:
    search_id = desk.search()
    late = desk.claim_one()
    desk.lose(late)
    taken = desk.claim_one("bob")
    if is_finished:
        desk.finish(taken, score=0.1)
    assert [desk.report(late).code, desk.report(late, 1, score=9).code] == ["lease_lost"] * 2
    assert desk.finish(late, score=9).status == "lost"
    assert desk.trial(search_id).attempt == 2
    if not is_finished:
        assert desk.finish(taken, score=0.1).status == "ok"
    assert desk.trial(search_id).value == 0.1


def test_an_earlier_attempt_is_not_taken_up_after_the_later_one_was_lost_too(desk: Desk) -> None:
    search_id = desk.search()
    first = desk.claim_one("ada")
    desk.lose(first)
    second = desk.claim_one("bob")
    desk.lose(second)
    assert desk.finish(first, score=9).status == "lost"
    assert desk.finish(second, score=0.1).status == "ok"
    assert (desk.trial(search_id).value, desk.trial(search_id).lost_count) == (0.1, 1)


def test_what_was_given_back_or_cancelled_or_failed_for_good_is_not_taken_up(desk: Desk) -> None:
    desk.search(queued=2, trials=3)
    returned, cancelled = desk.claim(capacity=2)
    desk.finish(returned, "returned")
    desk.lose(cancelled)
    desk.cancel(cancelled.trial.id)
    assert desk.report(returned).status == "lost"
    assert desk.finish(cancelled, score=0.1).status == "lost"

    search_id = desk.search(queued=1, trials=2)
    for _ in range(MAX_LOST + 1):
        last = desk.claim_one(search=search_id)
        desk.lose(last)
        desk.wait(100)
    assert desk.finish(last, score=0.1).status == "lost"
    assert desk.trial(search_id).error_code == "lost_limit"


def test_a_wrong_token_takes_nothing_up(desk: Desk) -> None:
    search_id = desk.search()
    grant = desk.claim_one()
    desk.lose(grant)
    forged = a_report(grant).model_copy(update={"token": "forged"})
    assert desk.reports(forged)[0].status == "lost"
    assert desk.states(search_id) == [TrialState.QUEUED]


def test_a_whole_stack_comes_back_with_one_report(desk: Desk) -> None:
    search_id = desk.search(queued=6)
    grants = desk.claim(capacity=6)
    desk.wait(TTL.total_seconds() + 1)
    desk.sweep()
    twice = [a_report(grant, 1, score=0.5) for grant in grants] * 2
    assert {answer.status for answer in desk.reports(*twice)} == {"ok"}
    assert desk.states(search_id) == [TrialState.RUNNING] * 6
    assert {answer.status for answer in desk.finishes(*(an_outcome(grant) for grant in grants))} == {"ok"}


def test_nothing_is_taken_up_beyond_parallel(desk: Desk) -> None:
    search_id = desk.search(queued=2, trials=2, parallel=1)
    late = desk.claim_one()
    desk.lose(late)
    assert desk.report(late).status == "ok"
    desk.lose(late)
    again = desk.claim_one("ada")
    assert again.trial.number == late.trial.number
    desk.lose(again)  # a second loss: it waits a while, and another trial is claimed
    taken = desk.claim_one("bob")
    assert taken.trial.number != again.trial.number

    assert desk.report(again).status == "lost"
    assert desk.read(search_id).counts[TrialState.RUNNING] == 1
    desk.finish(taken, score=0.5)
    assert desk.finish(again, score=0.25).status == "ok"
