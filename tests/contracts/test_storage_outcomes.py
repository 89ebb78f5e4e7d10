"""Finish: an attempt ends once, however often and by whomever it is said."""

import math
from typing import Any

import pytest

from caviar.states import AttemptOutcome, TrialState
from caviar.wire.protocol import Malformed, TrialOutcome
from service.storage.outcomes import LONGEST_ERROR
from tests.service.desk import Desk, a_report, an_outcome


def test_a_finished_trial_has_its_value_and_metrics(desk: Desk) -> None:
    search_id = desk.search()
    grant = desk.claim_one()
    desk.wait(5)
    answer = desk.finish(grant, score=0.25, loss=1.5)
    assert (answer.trial, answer.status, answer.code) == (str(grant.trial.id), "ok", None)
    trial = desk.trial(search_id)
    assert (trial.state, trial.value, trial.score, trial.diverged) == (TrialState.COMPLETED, 0.25, 0.25, False)
    assert (trial.metrics, trial.finished_at, trial.error_code) == ({"score": 0.25, "loss": 1.5}, desk.now, None)
    (attempt,) = desk.attempts(grant.trial.id)
    assert (attempt.outcome, attempt.ended_at) == (AttemptOutcome.COMPLETED, desk.now)


def test_where_more_is_better_the_score_is_the_value_with_its_sign_changed(desk: Desk) -> None:
    search_id = desk.search(goal="maximize")
    desk.finish(desk.claim_one(), score=0.25)
    trial, search = desk.trial(search_id), desk.read(search_id)
    assert (trial.value, trial.score, search.best_score, search.best_trial) == (0.25, -0.25, -0.25, trial.id)


def test_the_best_changes_with_a_better_trial_only(desk: Desk) -> None:
    search_id = desk.search(queued=5, trials=9)
    best = []
    for value in (0.5, 0.7, 0.5, math.nan, 0.3):
        desk.finish(desk.claim_one(), score=value)
        best.append(desk.read(search_id).best_score)
    assert best == [0.5, 0.5, 0.5, 0.5, 0.3]
    assert desk.read(search_id).ranking == 5


def test_without_the_metric_in_its_finish_a_trial_has_that_of_its_last_report(desk: Desk) -> None:
    search_id = desk.search()
    grant = desk.claim_one()
    desk.reports(a_report(grant, 3, score=0.3, loss=3), a_report(grant, 1, score=0.1), a_report(grant, 2, score=0.2))
    desk.finish(grant, test_score=0.9, loss=4)
    trial = desk.trial(search_id)
    assert (trial.value, trial.metrics) == (0.3, {"score": 0.3, "loss": 4.0, "test_score": 0.9})


def test_the_metric_of_the_finish_counts_more_than_that_of_the_last_report(desk: Desk) -> None:
    search_id = desk.search()
    grant = desk.claim_one()
    desk.report(grant, 1, score=0.3)
    desk.finish(grant, score=0.4)
    assert desk.trial(search_id).value == 0.4


def test_reports_of_an_earlier_attempt_give_no_value(desk: Desk) -> None:
    search_id = desk.search(trials=2, queued=1)
    first = desk.claim_one()
    desk.report(first, 1, score=0.3)
    desk.finish(first, "returned")
    desk.finish(desk.claim_one(), loss=1.0)
    assert desk.trial(search_id).error_code == "metric_missing"


@pytest.mark.parametrize(("metrics", "named"), [({"loss": 1.0, "acc": 2.0}, "acc, loss"), ({}, "none at all")])
def test_a_trial_without_the_metric_fails_and_says_what_it_did_report(
    desk: Desk, metrics: dict[str, float], named: str
) -> None:
    search_id = desk.search(trials=2, queued=1)
    grant = desk.claim_one()
    assert desk.finishes(an_outcome(grant).model_copy(update={"metrics": metrics}))[0].status == "ok"
    trial = desk.trial(search_id)
    assert (trial.state, trial.error_code, trial.value) == (TrialState.FAILED, "metric_missing", None)
    assert trial.error_detail == f"the search ranks by score, but the trial reported {named}"
    assert desk.attempts(grant.trial.id)[0].outcome is AttemptOutcome.FAILED


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_completed_and_diverged(desk: Desk, value: float) -> None:
    search_id = desk.search(trials=2, queued=1)
    desk.finish(desk.claim_one(), score=value)
    trial, search = desk.trial(search_id), desk.read(search_id)
    assert (trial.state, trial.diverged, trial.value) == (TrialState.COMPLETED, True, None)
    assert (search.best_trial, search.best_score) == (None, None)


def test_a_failed_trial_keeps_the_end_of_its_error(desk: Desk) -> None:
    search_id = desk.search(trials=3, queued=2)
    first, second = desk.claim(capacity=2)
    desk.finish(first, "failed", error="x" * LONGEST_ERROR + "ValueError: λ", score=0.5)
    desk.finish(second, "failed")
    trial = desk.trial(search_id)
    assert (trial.state, trial.error_code, trial.value) == (TrialState.FAILED, "exception", None)
    assert str(trial.error_detail).endswith("ValueError: λ")
    assert len(str(trial.error_detail)) == LONGEST_ERROR
    assert desk.trial(search_id, 1).error_detail == "the worker gave no reason"


def test_any_text_that_a_worker_may_send_as_its_error_is_kept(desk: Desk) -> None:
    search_id = desk.search(trials=2, queued=1)
    assert desk.finish(desk.claim_one(), "failed", error="before\0after\n\x1b[31mred \U0001f41f").status == "ok"
    detail = str(desk.trial(search_id).error_detail)
    assert detail.startswith("before")
    assert detail.endswith("after\n\x1b[31mred \U0001f41f")


def test_a_returned_trial_is_queued_at_once_and_not_counted_as_lost(desk: Desk) -> None:
    search_id = desk.search()
    grant = desk.claim_one("ada")
    assert desk.finish(grant, "returned").status == "ok"
    trial = desk.trial(search_id)
    assert (trial.state, trial.lost_count, trial.finished_at) == (TrialState.QUEUED, 0, None)
    assert desk.attempts(grant.trial.id)[0].outcome is AttemptOutcome.RETURNED
    again = desk.claim_one("bob")
    assert (again.trial.id, again.trial.attempt) == (grant.trial.id, 2)


def test_who_returned_a_trial_has_lost_it(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.finish(grant, "returned")
    assert desk.report(grant, 1, score=0.5).status == "lost"
    assert desk.finish(grant, score=0.5).status == "lost"


@pytest.mark.parametrize("outcome", ["completed", "failed", "returned"])
def test_the_same_finish_twice_is_ok_twice_and_counts_once(desk: Desk, outcome: str) -> None:
    search_id = desk.search(trials=2, queued=1)
    grant = desk.claim_one()
    said = an_outcome(grant, outcome, error=None, score=math.nan)
    assert [answer.status for answer in desk.finishes(said, said)] == ["ok", "ok"]
    before = desk.read(search_id)
    desk.wait(100)
    assert desk.finishes(said)[0].status == "ok"
    assert desk.read(search_id) == before


def test_a_return_repeated_after_another_worker_took_the_trial_is_ok_and_changes_nothing(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one("ada")
    desk.finish(grant, "returned")
    other = desk.claim_one("bob")
    assert desk.finish(grant, "returned").status == "ok"
    assert desk.finish(other, score=0.5).status == "ok"


@pytest.mark.parametrize(
    "other", [{"metrics": {"score": 0.6}}, {"outcome": "failed"}, {"outcome": "returned"}, {"error": "late"}]
)
def test_another_finish_of_the_same_attempt_is_refused(desk: Desk, other: dict[str, Any]) -> None:
    search_id = desk.search(trials=2, queued=1)
    said = an_outcome(desk.claim_one(), score=0.5)
    changed = said.model_copy(update=other)
    answers = desk.finishes(said, changed) + desk.finishes(changed)
    refused = ("refused", "finish_conflict")
    assert [(answer.status, answer.code) for answer in answers] == [("ok", None), refused, refused]
    assert desk.trial(search_id).value == 0.5


def test_a_late_finish_is_lost_once_another_worker_has_the_trial(desk: Desk) -> None:
    search_id = desk.search()
    late = desk.claim_one("ada")
    desk.report(late, 1, score=0.1)
    desk.lose(late)
    holder = desk.claim_one("bob")
    before = desk.read(search_id)
    answer = desk.finish(late, score=0.1)
    assert (answer.status, answer.code) == ("lost", "lease_lost")
    assert (desk.read(search_id), desk.trial(search_id).value) == (before, None)
    assert desk.finish(holder, score=0.2).status == "ok"
    assert desk.finish(late, score=0.1).status == "lost"
    assert desk.trial(search_id).value == 0.2


@pytest.mark.parametrize("wrong", [{"token": "0" * 64}, {"attempt": 2}, {"trial": "999999999"}])
def test_who_cannot_prove_the_lease_cannot_finish(desk: Desk, wrong: dict[str, Any]) -> None:
    search_id = desk.search()
    grant = desk.claim_one()
    forged = an_outcome(grant, score=0.1).model_copy(update=wrong)
    assert desk.finishes(forged)[0].status == "lost"
    assert desk.states(search_id) == [TrialState.RUNNING]
    assert desk.finish(grant, score=0.5).status == "ok"
    assert desk.finishes(forged)[0].status == "lost"


def test_finish_against_cancel_the_first_to_commit_wins(desk: Desk) -> None:
    search_id = desk.search(queued=2)
    cancelled, finished = desk.claim(capacity=2)
    desk.cancel(cancelled.trial.id)
    answer = desk.finish(cancelled, score=0.1)
    assert (answer.status, answer.reason) == ("stop", "cancelled")
    desk.finish(finished, score=0.2)
    assert desk.states(search_id) == [TrialState.CANCELLED, TrialState.COMPLETED]
    assert desk.read(search_id).best_score == 0.2


def test_one_bad_outcome_never_fails_the_others(desk: Desk) -> None:
    search_id = desk.search(queued=2, trials=3)
    first, second = desk.claim(capacity=2)
    broken = Malformed(trial="?", detail="outcome: 'done' is not known")
    forged: TrialOutcome = an_outcome(second, score=0.1).model_copy(update={"token": "wrong"})
    answers = desk.finishes(broken, an_outcome(first, score=0.3), forged, an_outcome(second, "failed"))
    assert [answer.status for answer in answers] == ["refused", "ok", "lost", "ok"]
    assert (answers[0].code, answers[0].trial) == ("invalid_item", "?")
    assert desk.states(search_id) == [TrialState.COMPLETED, TrialState.FAILED]


def test_one_request_may_end_trials_of_several_searches(desk: Desk) -> None:
    searches = [desk.search(), desk.search(), desk.search()]
    grants = [desk.claim_one(search=search_id) for search_id in searches]
    answers = desk.finishes(*(an_outcome(grant, score=0.5) for grant in reversed(grants)))
    assert [answer.status for answer in answers] == ["ok"] * 3
    assert [desk.states(search_id) for search_id in searches] == [[TrialState.COMPLETED]] * 3
