"""Leases that run out: the trial is queued again, a few times, and then no more."""

from datetime import datetime, timedelta

from caviar.states import AttemptOutcome, SearchState, TrialState
from service.storage import leases, workers
from service.storage.leases import MAX_LOST
from tests.service.desk import TTL, Desk


def test_a_lease_that_ran_out_puts_its_trial_back_into_the_queue(desk: Desk) -> None:
    search_id = desk.search(queued=2)
    grant = desk.claim_one("ada")
    desk.wait(TTL.total_seconds() + 1)
    assert desk.sweep() == [search_id]
    trial = desk.trial(search_id)
    assert (trial.state, trial.attempt, trial.lost_count, trial.finished_at) == (TrialState.QUEUED, 1, 1, None)
    (attempt,) = desk.attempts(grant.trial.id)
    assert (attempt.outcome, attempt.ended_at) == (AttemptOutcome.LOST, desk.now)
    again = desk.claim_one("bob")
    assert (again.trial.id, again.trial.attempt) == (grant.trial.id, 2)
    assert again.token != grant.token


def test_a_lease_lives_to_the_end_of_its_last_moment(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.now = desk.expiry(grant)
    assert desk.sweep() == []
    desk.now += timedelta(microseconds=1)
    assert len(desk.sweep()) == 1


def test_a_worker_that_speaks_in_time_keeps_its_trial(desk: Desk) -> None:
    desk.search(queued=2)
    alive, silent = desk.claim(capacity=2)
    for step in range(5):
        desk.wait(TTL.total_seconds() - 1)
        desk.report(alive, step, score=0.5)
        desk.sweep()
    desk.wait(2)
    desk.claim_one("eve")
    assert desk.finish(silent, score=0.1).status == "lost"
    assert desk.finish(alive, score=0.1).status == "ok"


def test_a_trial_is_lost_three_times_and_fails_with_the_next_loss(desk: Desk) -> None:
    search_id = desk.search(trials=2, queued=1)
    for losses in range(1, MAX_LOST + 1):
        desk.lose(desk.claim_one())
        assert (desk.trial(search_id).lost_count, desk.states(search_id)) == (losses, [TrialState.QUEUED])
        desk.wait(100)
    last = desk.claim_one()
    assert last.trial.attempt == MAX_LOST + 1
    desk.lose(last)
    trial = desk.trial(search_id)
    assert (trial.state, trial.error_code, trial.finished_at) == (TrialState.FAILED, "lost_limit", desk.now)
    assert "disappeared 4 times" in str(trial.error_detail)
    assert desk.claim() == []


def test_returned_attempts_do_not_count_towards_the_limit(desk: Desk) -> None:
    search_id = desk.search()
    for _ in range(MAX_LOST + 2):
        desk.finish(desk.claim_one(), "returned")
    desk.lose(desk.claim_one())
    assert (desk.trial(search_id).lost_count, desk.states(search_id)) == (1, [TrialState.QUEUED])


def test_a_trial_is_free_at_once_after_its_first_loss_and_later_after_each_other(desk: Desk) -> None:
    desk.search()
    for pause in (0, 4, 8):
        desk.lose(desk.claim_one())
        if pause:
            desk.wait(pause - 0.001)
            assert desk.claim() == []
            desk.wait(0.001)


def test_a_sweep_takes_the_oldest_leases_and_no_more_than_it_was_told(desk: Desk) -> None:
    search_id = desk.search(queued=5)
    for _ in range(5):
        desk.claim_one()
        desk.wait(1)
    desk.wait(100)
    with desk.database.write() as tx:
        assert leases.expire(tx, now=desk.now, most=2) == {search_id: 2}
    queued, running = TrialState.QUEUED, TrialState.RUNNING
    assert desk.states(search_id) == [queued, queued, running, running, running]
    assert desk.sweep() == [search_id]
    assert desk.sweep() == []


def test_a_sweep_names_each_search_it_concerned_once(desk: Desk) -> None:
    first, second, third = desk.search(queued=2), desk.search(queued=2), desk.search()
    for search_id in (second, first, second, first):
        desk.claim_one(search=search_id)
    desk.wait(20)
    desk.claim_one(search=third)
    desk.wait(15)
    assert desk.sweep() == [first, second]


def graced(desk: Desk, *, since: datetime | None = None) -> None:
    with desk.database.write() as tx:
        leases.grace(tx, since=since, ttl=TTL, now=desk.now)


def test_after_a_restart_every_lease_has_the_time_back_since_somebody_was_heard(desk: Desk) -> None:
    desk.search(queued=2)
    old = desk.claim_one()
    desk.wait(10)
    young = desk.claim_one("bob")
    desk.wait(1000)
    graced(desk)
    assert desk.expiry(young) == desk.now + TTL
    assert desk.expiry(old) == desk.now + TTL - timedelta(seconds=10)
    assert desk.sweep() == []
    graced(desk, since=desk.now - timedelta(seconds=5))
    assert desk.expiry(old) == desk.now + TTL - timedelta(seconds=5)


def test_no_lease_is_shortened_or_longer_than_a_term_from_now(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    granted_until = desk.expiry(grant)
    desk.wait(-5)
    graced(desk, since=desk.now - TTL)
    assert desk.expiry(grant) == granted_until


def test_after_a_restart_on_a_clock_that_was_set_back_nobody_waits_until_it_has_caught_up(desk: Desk) -> None:
    search_id = desk.search(queued=2)
    for _ in range(2):
        desk.lose(desk.claim_one())
    held = desk.claim_one("bob")
    desk.wait(-3600)
    graced(desk)
    assert desk.expiry(held) == desk.now + TTL
    assert desk.claim_one("ada").trial.number == 0
    desk.lose(held)
    assert desk.states(search_id) == [TrialState.QUEUED] * 2


def test_a_server_that_restarts_all_the_time_still_frees_what_the_dead_held(desk: Desk) -> None:
    search_id = desk.search(queued=2)
    dead, alive = desk.claim_one("dead"), desk.claim_one("alive")
    for _ in range(8):
        desk.wait(2)
        graced(desk)
        desk.report(alive)
        desk.wait(5)
        desk.report(alive)
        desk.sweep()
    assert desk.trial(search_id, dead.trial.number).state is TrialState.QUEUED
    assert desk.trial(search_id, alive.trial.number).state is TrialState.RUNNING


def test_losses_end_a_search_like_other_failures(desk: Desk) -> None:
    search_id = desk.search(trials=1)
    for _ in range(MAX_LOST + 1):
        desk.lose(desk.claim_one())
        desk.wait(100)
    assert desk.read(search_id).state is SearchState.FAILED


def test_a_lost_trial_of_a_paused_search_waits_for_its_resumption(desk: Desk) -> None:
    search_id = desk.search()
    grant = desk.claim_one()
    desk.change(search_id, state=SearchState.PAUSED)
    desk.lose(grant)
    assert desk.claim() == []
    desk.change(search_id, state=SearchState.ACTIVE)
    assert desk.claim_one().trial.attempt == 2


def test_a_worker_is_known_by_what_it_last_said_of_itself(desk: Desk) -> None:
    desk.search(queued=2)
    started = desk.now
    grant, _ = desk.claim("bob", capacity=2, trainers=["toy", "forest"])
    desk.claim("ada", trainers=["toy"])
    desk.wait(10)
    desk.claim("bob", capacity=3, trainers=["toy", "mlp"])
    with desk.database.read() as tx:
        ada, bob = workers.page(tx, limit=10, after=None)
        assert workers.page(tx, limit=1, after="ada") == [bob]
        assert workers.live_by_trainer(tx, since=started) == {"toy": 1, "mlp": 1}
    assert (ada.name, ada.trainers, ada.running, ada.seen_at) == ("ada", ["toy"], [], started)
    assert (bob.trainers, bob.capacity, bob.first_seen_at, bob.seen_at) == (["mlp", "toy"], 3, started, desk.now)
    assert bob.running == [grant.trial.id, grant.trial.id + 1]


def test_a_silent_worker_is_forgotten_unless_it_holds_a_lease(desk: Desk) -> None:
    desk.search()
    desk.claim("busy")
    desk.claim("idle")
    with desk.database.write() as tx:
        workers.forget(tx, before=desk.now)
        assert len(workers.page(tx, limit=10, after=None)) == 2
        workers.forget(tx, before=desk.now + timedelta(seconds=1))
        assert [worker.name for worker in workers.page(tx, limit=10, after=None)] == ["busy"]
