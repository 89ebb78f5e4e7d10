"""Report: what a worker says of a step, or that it is alive."""

import math
from datetime import timedelta
from typing import Any

import pytest

from caviar.wire.protocol import Malformed, Result
from tests.service.desk import TTL, Desk, a_report


def verdicts(results: list[Result]) -> list[tuple[str, str | None]]:
    return [(result.status, result.code) for result in results]


def test_a_report_is_kept_and_renews_the_lease(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.wait(10)
    answer = desk.report(grant, 1, score=0.5, loss=2.0)
    assert (answer.trial, answer.status, answer.ttl_seconds) == (str(grant.trial.id), "ok", 30.0)
    assert desk.expiry(grant) == desk.now + TTL
    assert desk.curve(grant.trial.id) == [(1, 1, {"score": 0.5, "loss": 2.0})]
    assert desk.attempts(grant.trial.id)[0].last_step == 1


def test_a_report_without_metrics_is_a_heartbeat(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.wait(10)
    assert desk.report(grant).status == "ok"
    assert desk.report(grant, 3).status == "ok"
    assert desk.expiry(grant) == desk.now + TTL
    assert desk.curve(grant.trial.id) == []


def test_a_lease_is_never_shortened_by_a_clock_that_stepped_back(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    expires = desk.expiry(grant)
    desk.now -= timedelta(hours=1)
    assert desk.report(grant).status == "ok"
    assert desk.expiry(grant) == expires


def test_the_same_step_with_the_same_metrics_is_ok_again_and_kept_once(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    said: dict[str, Any] = {"score": 0.1 + 0.2, "loss": math.nan, "rate": math.inf, "low": -math.inf, "small": 5e-324}
    kept = {"score": 0.1 + 0.2, "loss": "NaN", "rate": "Infinity", "low": "-Infinity", "small": 5e-324}
    assert desk.report(grant, 1, **said).status == "ok"
    assert desk.report(grant, 1, **said).status == "ok"
    assert verdicts(desk.reports(a_report(grant, 2, score=1), a_report(grant, 2, score=1.0))) == [("ok", None)] * 2
    assert desk.curve(grant.trial.id) == [(1, 1, kept), (1, 2, {"score": 1.0})]


def test_other_metrics_for_a_step_are_refused_and_change_nothing(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.report(grant, 1, score=0.5)
    answer = desk.report(grant, 1, score=0.6)
    assert (answer.status, answer.code) == ("refused", "metric_conflict")
    assert "step 1" in str(answer.detail)
    within = desk.reports(a_report(grant, 2, score=1), a_report(grant, 2, score=2))
    assert verdicts(within) == [("ok", None), ("refused", "metric_conflict")]
    assert desk.curve(grant.trial.id) == [(1, 1, {"score": 0.5}), (1, 2, {"score": 1.0})]


def test_metrics_without_a_step_are_refused(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    assert verdicts([desk.report(grant, score=0.5)]) == [("refused", "step_missing")]
    assert desk.curve(grant.trial.id) == []


def test_steps_may_arrive_late_and_the_last_step_is_the_highest(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.reports(a_report(grant, 7, score=0.7), a_report(grant, 2, score=0.2))
    desk.report(grant, 5, score=0.5)
    assert [step for _, step, _ in desk.curve(grant.trial.id)] == [2, 5, 7]
    assert desk.attempts(grant.trial.id)[0].last_step == 7


@pytest.mark.parametrize(
    "wrong", [{"token": "0" * 64}, {"attempt": 2}, {"trial": "999999999"}, {"trial": "no-id"}, {"trial": "9" * 40}]
)
def test_who_cannot_prove_the_lease_has_lost_it_and_changes_nothing(desk: Desk, wrong: dict[str, Any]) -> None:
    desk.search()
    grant = desk.claim_one()
    expires = desk.expiry(grant)
    desk.wait(10)
    answer = desk.reports(a_report(grant, 1, score=0.5).model_copy(update=wrong))
    assert verdicts(answer) == [("lost", "lease_lost")]
    assert (desk.expiry(grant), desk.curve(grant.trial.id)) == (expires, [])


def test_a_report_after_the_lease_ran_out_and_before_the_sweep_is_ok(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.wait(TTL.total_seconds() * 10)
    assert desk.report(grant, 1, score=0.5).status == "ok"
    assert desk.sweep() == []
    assert desk.finish(grant, score=0.5).status == "ok"


def test_a_report_after_the_trial_was_given_to_another_is_lost(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.report(grant, 1, score=0.5)
    desk.lose(grant)
    desk.claim_one("bob")
    assert verdicts([desk.report(grant, 2, score=0.6)]) == [("lost", "lease_lost")]
    assert desk.curve(grant.trial.id) == [(1, 1, {"score": 0.5})]


def test_the_holder_before_the_present_one_cannot_write_into_its_curve(desk: Desk) -> None:
    desk.search()
    first = desk.claim_one("ada")
    desk.report(first, 1, score=0.5)
    desk.lose(first)
    second = desk.claim_one("bob")
    assert desk.report(first, 2, score=0.6).status == "lost"
    assert desk.report(second, 1, score=0.9).status == "ok"
    assert desk.curve(first.trial.id) == [(1, 1, {"score": 0.5}), (2, 1, {"score": 0.9})]


def test_the_worker_of_a_cancelled_trial_is_told_to_stop(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.cancel(grant.trial.id)
    answer = desk.report(grant, 1, score=0.5)
    assert (answer.status, answer.reason, answer.code) == ("stop", "cancelled", None)
    assert desk.curve(grant.trial.id) == []


def test_a_late_report_of_a_finished_attempt_is_ok_and_changes_nothing(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.finish(grant, score=0.5)
    assert desk.report(grant, 9, score=0.1).status == "ok"
    assert desk.curve(grant.trial.id) == []


def test_one_bad_item_never_fails_the_others(desk: Desk) -> None:
    desk.search(queued=3)
    first, second, third = desk.claim(capacity=3)
    answers = desk.reports(
        Malformed(trial="?", detail="step: must be an integer"),
        a_report(first, 1, score=0.1),
        a_report(second, 1, score=0.2).model_copy(update={"token": "wrong"}),
        a_report(third, score=0.3),
        a_report(third, 1, score=0.3),
    )
    assert verdicts(answers) == [
        ("refused", "invalid_item"),
        ("ok", None),
        ("lost", "lease_lost"),
        ("refused", "step_missing"),
        ("ok", None),
    ]
    assert (answers[0].trial, answers[0].detail) == ("?", "step: must be an integer")
    assert [len(desk.curve(grant.trial.id)) for grant in (first, second, third)] == [1, 0, 1]


def test_one_request_may_speak_of_several_searches(desk: Desk) -> None:
    searches = [desk.search(), desk.search(), desk.search()]
    grants = [desk.claim_one(search=search_id) for search_id in searches]
    changes = [desk.read(search_id).changes for search_id in searches]
    answers = desk.reports(*(a_report(grant, 1, score=0.5) for grant in reversed(grants)), a_report(grants[1]))
    assert verdicts(answers) == [("ok", None)] * 4
    assert [desk.read(search_id).changes for search_id in searches] == [before + 1 for before in changes]


def test_no_reports_are_no_answers(desk: Desk) -> None:
    assert desk.reports() == []
