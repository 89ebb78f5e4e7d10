"""How searches end in the store: with their last trial or first failures, at the target, in time, by a user."""

import pytest

from caviar.errors import TrialEnded
from caviar.states import AttemptOutcome, SearchState, TrialState
from service.storage import ledgers
from tests.service.desk import Desk, an_outcome

QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = (
    TrialState.QUEUED,
    TrialState.RUNNING,
    TrialState.COMPLETED,
    TrialState.FAILED,
    TrialState.CANCELLED,
)


def end_overdue(desk: Desk) -> list[int]:
    with desk.database.write() as tx:
        return ledgers.end_overdue(tx, now=desk.now)


def test_a_search_is_complete_when_its_budget_is_used(desk: Desk) -> None:
    search_id = desk.search(queued=3)
    for outcome in ("failed", "completed", "completed"):
        assert desk.read(search_id).state is SearchState.ACTIVE
        desk.finish(desk.claim_one(), outcome, score=0.5)
    search = desk.read(search_id)
    assert (search.state, search.finished_at) == (SearchState.COMPLETED, desk.now)


def test_a_search_whose_every_trial_failed_has_failed(desk: Desk) -> None:
    search_id = desk.search(queued=2)
    for _ in range(2):
        desk.finish(desk.claim_one(), "failed")
    assert desk.read(search_id).state is SearchState.FAILED


@pytest.mark.parametrize(("parallel", "patience"), [(1, 5), (5, 5), (8, 8)])
def test_a_search_fails_when_all_of_its_first_trials_fail(desk: Desk, parallel: int, patience: int) -> None:
    search_id = desk.search(queued=20, parallel=parallel)
    for _ in range(patience - 1):
        desk.finish(desk.claim_one(), "failed")
    assert desk.read(search_id).state is SearchState.ACTIVE
    desk.finish(desk.claim_one(), "failed")
    search = desk.read(search_id)
    assert (search.state, search.finished_at) == (SearchState.FAILED, desk.now)
    assert (search.counts[FAILED], search.counts[CANCELLED]) == (patience, 20 - patience)


def test_the_first_trials_are_the_first_by_number_however_many_workers_there_are(desk: Desk) -> None:
    search_id = desk.search(queued=20, parallel=5)
    first, *others = desk.claim(capacity=5)
    for grant in others:
        desk.finish(grant, "failed")
    for grant in desk.claim(capacity=4):
        desk.finish(grant, "failed")
    assert (desk.read(search_id).state, desk.read(search_id).counts[FAILED]) == (SearchState.ACTIVE, 8)
    desk.finish(first, "failed")
    assert desk.read(search_id).state is SearchState.FAILED


def test_one_trial_with_a_result_is_enough_for_a_search_to_go_on(desk: Desk) -> None:
    search_id = desk.search(queued=20)
    desk.finish(desk.claim_one(), score=float("nan"))
    for _ in range(9):
        desk.finish(desk.claim_one(), "failed")
    assert desk.read(search_id).state is SearchState.ACTIVE


@pytest.mark.parametrize(("goal", "worse", "enough"), [("minimize", 0.3, 0.25), ("maximize", 0.2, 0.25)])
def test_a_search_is_complete_when_a_trial_reaches_the_target(
    desk: Desk, goal: str, worse: float, enough: float
) -> None:
    search_id = desk.search(queued=5, goal=goal, target=0.25)
    first, second, running = desk.claim(capacity=3)
    desk.finish(first, score=worse)
    assert desk.read(search_id).state is SearchState.ACTIVE
    desk.finish(second, score=enough)
    assert desk.read(search_id).state is SearchState.COMPLETED
    assert desk.states(search_id) == [COMPLETED, COMPLETED, CANCELLED, CANCELLED, CANCELLED]
    answer = desk.report(running, 1, score=0.0)
    assert (answer.status, answer.reason) == ("stop", "cancelled")
    assert desk.attempts(running.trial.id)[0].outcome is AttemptOutcome.CANCELLED


def test_results_that_arrive_with_the_one_that_ends_the_search_are_kept(desk: Desk) -> None:
    search_id = desk.search(queued=3, target=0.25)
    grants = desk.claim(capacity=2)
    desk.finishes(*(an_outcome(grant, score=value) for grant, value in zip(grants, (0.2, 0.1), strict=True)))
    assert desk.states(search_id) == [COMPLETED, COMPLETED, CANCELLED]
    assert desk.read(search_id).best_score == 0.1


def test_after_its_deadline_a_search_lets_what_runs_finish_and_ends(desk: Desk) -> None:
    search_id = desk.search(queued=3, max_seconds=60)
    grant = desk.claim_one()
    desk.wait(61)
    assert end_overdue(desk) == []
    assert desk.finish(grant, score=0.5).status == "ok"
    assert desk.read(search_id).state is SearchState.COMPLETED
    assert desk.states(search_id) == [COMPLETED, CANCELLED, CANCELLED]


def test_a_search_that_runs_nothing_is_ended_at_its_deadline(desk: Desk) -> None:
    late, paused, early = (desk.search(queued=2, max_seconds=seconds) for seconds in (60, 60, 90))
    desk.change(paused, state=SearchState.PAUSED)
    desk.wait(60)
    assert end_overdue(desk) == [late, paused]
    assert [desk.read(search_id).state for search_id in (late, paused, early)] == ["completed", "completed", "active"]
    assert end_overdue(desk) == []


def test_a_lost_trial_does_not_keep_an_overdue_search_open(desk: Desk) -> None:
    search_id = desk.search(queued=2, max_seconds=10)
    desk.lose(desk.claim_one())
    assert desk.read(search_id).state is SearchState.COMPLETED
    assert desk.states(search_id) == [CANCELLED, CANCELLED]


def test_cancelling_a_search_cancels_its_open_trials_and_no_result(desk: Desk) -> None:
    search_id = desk.search(queued=4)
    done, running, _ = desk.claim(capacity=3)
    desk.finish(done, score=0.5)
    desk.change(search_id, state=SearchState.CANCELLED)
    search = desk.read(search_id)
    assert (search.state, search.finished_at, search.best_score) == (SearchState.CANCELLED, desk.now, 0.5)
    assert desk.states(search_id) == [COMPLETED, CANCELLED, CANCELLED, CANCELLED]
    assert desk.claim() == []
    assert (desk.report(running).status, desk.finish(running, score=0.1).status) == ("stop", "stop")
    assert desk.read(search_id).best_score == 0.5


def test_cancelling_one_search_leaves_the_others_alone(desk: Desk) -> None:
    gone, kept = desk.search(queued=2), desk.search(queued=2)
    grant = desk.claim_one(search=kept)
    desk.change(gone, state=SearchState.CANCELLED)
    assert desk.states(kept) == [RUNNING, QUEUED]
    assert desk.report(grant).status == "ok"


def test_the_time_at_which_a_search_ended_stays(desk: Desk) -> None:
    search_id = desk.search()
    desk.finish(desk.claim_one(), score=0.5)
    ended = desk.now
    desk.wait(50)
    with desk.database.write() as tx:
        ledgers.save(tx, ledgers.lock_one(tx, search_id), now=desk.now)
    assert desk.read(search_id).finished_at == ended


def test_a_completed_search_goes_on_with_a_larger_budget(desk: Desk) -> None:
    search_id = desk.search()
    desk.finish(desk.claim_one(), score=0.5)
    desk.change(search_id, state=SearchState.ACTIVE, budget=3)
    search = desk.read(search_id)
    assert (search.state, search.finished_at, search.budget) == (SearchState.ACTIVE, None, 3)
    assert desk.plan(search_id, ["", ""])
    assert [grant.trial.number for grant in desk.claim(capacity=9)] == [1, 2]


def test_a_smaller_budget_ends_a_search_that_has_used_it(desk: Desk) -> None:
    search_id = desk.search(queued=2, trials=9)
    for _ in range(2):
        desk.finish(desk.claim_one(), score=0.5)
    desk.change(search_id, budget=2)
    assert desk.read(search_id).state is SearchState.COMPLETED


@pytest.mark.parametrize("is_running", [False, True])
def test_a_cancelled_trial_gives_its_place_up_and_counts_in_the_budget(desk: Desk, is_running: bool) -> None:
    search_id = desk.search(queued=2, parallel=1)
    if is_running:
        desk.claim_one()
    desk.cancel(desk.trial(search_id).id)
    trial = desk.trial(search_id)
    assert (trial.state, trial.finished_at, trial.score) == (CANCELLED, desk.now, None)
    desk.finish(desk.claim_one(), score=0.5)
    assert desk.read(search_id).state is SearchState.COMPLETED


def test_a_trial_that_ended_cannot_be_cancelled(desk: Desk) -> None:
    search_id = desk.search(queued=3, trials=4)
    finished, failed, cancelled = desk.claim(capacity=3)
    desk.finish(finished, score=0.5)
    desk.finish(failed, "failed")
    desk.cancel(cancelled.trial.id)
    before = desk.read(search_id)
    for grant, state in ((finished, "completed"), (failed, "failed"), (cancelled, "cancelled")):
        with pytest.raises(TrialEnded, match=f"already {state}"):
            desk.cancel(grant.trial.id)
    assert desk.read(search_id) == before
