"""Stopping: the report that reaches a rung decides, by the cutoffs of its trial's round, once."""

import math
from typing import Any

import pytest

from caviar.states import AttemptOutcome, Origin, SearchState, TrialState
from caviar.stopping import parse
from caviar.wire.protocol import Result
from service.stopping.interface import WORST, Cutoff, Entry
from service.stopping.median import Median
from service.stopping.registry import rule_for
from service.storage import rounds, rungs, searches
from service.storage.claims import Grant
from tests.service.desk import Desk, a_report

CUTOFFS = {1: Cutoff(0.5, 8), 3: Cutoff(0.25, 4)}
ASHA = {"name": "asha", "eta": 3}


def started(desk: Desk, *, count: int = 1, features: tuple[str, ...] = ("stop",), **fields: Any) -> list[Grant]:
    """Running trials of a search with a rule, in a round with cutoffs."""
    search: dict[str, Any] = {"stopping": ASHA, "trials": count, "queued": 0} | fields
    search_id = desk.search(**search)
    desk.plan(search_id, [""] * count, cutoffs=CUTOFFS)
    return desk.claim(capacity=count, search=search_id, features=features)


def said(result: Result) -> tuple[str, str | None]:
    return result.status, result.reason


def entries(desk: Desk, grant: Grant) -> dict[int, float]:
    """By rung, of all trials of the search."""
    rule = rule_for(parse(grant.search.spec["stopping"]))
    assert rule is not None
    with desk.database.read() as tx:
        found = rungs.scores(tx, grant.search.id, rule, up_to=1000)
    assert all(len(scores) <= 1 for scores in found.values())
    return {step: scores[0] for step, scores in found.items() if scores}


STOP, OK = ("stop", "stopped"), ("ok", None)


def test_a_trial_worse_than_the_cutoff_ends_with_the_value_of_the_report_that_decided(desk: Desk) -> None:
    grant, other = started(desk, count=2)
    desk.report(grant, 2, score=0.4, loss=3.0)
    desk.wait(5)
    assert said(desk.report(grant, 3, score=0.375, loss=2.0)) == STOP

    trial, search = desk.trial(grant.search.id), desk.read(grant.search.id)
    assert (trial.state, trial.value, trial.score, trial.diverged) == (TrialState.STOPPED, 0.375, 0.375, False)
    assert (trial.metrics, trial.finished_at) == ({"score": 0.375, "loss": 2.0}, desk.now)
    assert (trial.stopped_step, trial.error_code) == (3, None)
    assert trial.verdict == "stopped by asha at step 3: 0.375 is worse than 0.25, the cutoff of 4 finished trials"
    (attempt,) = desk.attempts(trial.id)
    assert (attempt.outcome, attempt.last_step, attempt.ended_at) == (AttemptOutcome.STOPPED, 3, desk.now)
    assert (search.counts[TrialState.STOPPED], search.counts[TrialState.RUNNING]) == (1, 1)
    assert (search.best_trial, search.best_score, search.ranking) == (trial.id, 0.375, 1)
    assert said(desk.report(other, 3, score=0.125)) == OK


def test_a_trial_as_good_as_the_cutoff_goes_on(desk: Desk) -> None:
    (grant,) = started(desk)
    assert said(desk.report(grant, 1, score=0.5)) == OK
    assert said(desk.report(grant, 3, score=0.25)) == OK
    assert said(desk.report(grant, 9, score=9.0)) == OK
    assert entries(desk, grant) == {1: 0.5, 3: 0.25, 9: 9.0}


def test_between_rungs_nobody_is_judged(desk: Desk) -> None:
    (grant,) = started(desk)
    assert said(desk.report(grant, 0, score=9.0)) == OK
    assert said(desk.report(grant, 1, score=0.5)) == OK
    assert said(desk.report(grant, 2, score=9.0)) == OK
    assert entries(desk, grant) == {1: 0.5}


def test_of_a_maximized_metric_the_lower_is_worse(desk: Desk) -> None:
    better, worse = started(desk, count=2, goal="maximize")
    assert said(desk.report(better, 1, score=0.75)) == OK
    assert said(desk.report(worse, 1, score=-0.75)) == STOP
    verdict = desk.trial(worse.search.id, 1).verdict
    assert verdict == "stopped by asha at step 1: -0.75 is worse than -0.5, the cutoff of 8 finished trials"


def test_the_deciding_report_said_again_is_answered_the_same_and_changes_nothing(desk: Desk) -> None:
    grant, _ = started(desk, count=2)
    first = desk.report(grant, 1, score=0.75)
    before = (desk.trials(grant.search.id), desk.read(grant.search.id))
    desk.wait(5)
    assert desk.report(grant, 1, score=0.75) == first
    assert (desk.trials(grant.search.id), desk.read(grant.search.id)) == before
    assert entries(desk, grant) == {1: 0.75}


def test_later_words_of_a_stopped_attempt_change_nothing(desk: Desk) -> None:
    grant, _ = started(desk, count=2)
    desk.report(grant, 1, score=0.75)
    before = (desk.trials(grant.search.id), desk.curve(grant.trial.id), desk.attempts(grant.trial.id))
    assert [said(desk.report(grant, 2, score=0.1)), said(desk.report(grant))] == [STOP, STOP]
    assert desk.finish(grant, score=0.0).status == "ok"
    assert desk.finish(grant, "failed", error="too late").status == "ok"
    assert desk.finish(grant, "returned").status == "ok"
    assert (desk.trials(grant.search.id), desk.curve(grant.trial.id), desk.attempts(grant.trial.id)) == before


def test_a_worker_that_does_not_know_stop_is_answered_ok_and_its_later_words_change_nothing(desk: Desk) -> None:
    grant, _ = started(desk, count=2, features=("keep",))
    answer = desk.report(grant, 1, score=0.75)
    assert (answer.status, answer.reason, answer.ttl_seconds) == ("ok", None, 30.0)
    stopped = desk.trial(grant.search.id)
    assert stopped.state is TrialState.STOPPED
    assert [said(desk.report(grant, 2, score=0.1)), said(desk.report(grant))] == [OK, OK]
    assert desk.finish(grant, score=0.0).status == "ok"
    assert desk.trial(grant.search.id) == stopped
    assert [step for _, step, _ in desk.curve(grant.trial.id)] == [1]


def test_what_follows_the_deciding_report_in_the_same_request_is_not_kept(desk: Desk) -> None:
    grant, other = started(desk, count=2)
    answers = desk.reports(
        a_report(grant, 1, score=0.75),
        a_report(grant, 2, score=0.1),
        a_report(other, 1, score=0.25),
        a_report(grant, 1, score=0.75),
    )
    assert [said(answer) for answer in answers] == [STOP, STOP, OK, STOP]
    assert [step for _, step, _ in desk.curve(grant.trial.id)] == [1]
    assert desk.trial(grant.search.id).value == 0.75


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_metric_that_is_not_finite_is_the_worst(desk: Desk, value: float) -> None:
    grant, _ = started(desk, count=2)
    assert said(desk.report(grant, 1, score=value)) == STOP
    trial = desk.trial(grant.search.id)
    assert (trial.state, trial.value, trial.diverged) == (TrialState.STOPPED, None, True)
    assert "a value that is not finite is worse than 0.5" in str(trial.verdict)
    assert desk.read(grant.search.id).best_trial is None
    assert entries(desk, grant) == {1: WORST}


def test_a_report_without_the_metric_decides_nothing_and_the_next_with_it_does(desk: Desk) -> None:
    (grant,) = started(desk)
    assert said(desk.report(grant, 1, loss=9.0)) == OK
    assert said(desk.report(grant, 2, score=0.75)) == STOP
    assert "at step 2, past rung 1: " in str(desk.trial(grant.search.id).verdict)


def test_a_report_that_skips_rungs_counts_at_the_highest_alone(desk: Desk) -> None:
    (grant,) = started(desk)
    assert said(desk.report(grant, 10, score=0.75)) == OK
    assert entries(desk, grant) == {9: 0.75}
    assert said(desk.report(grant, 3, score=9.0)) == OK
    assert entries(desk, grant) == {9: 0.75}


def test_a_retried_attempt_is_not_judged_again_where_an_earlier_one_was(desk: Desk) -> None:
    (first,) = started(desk)
    assert said(desk.report(first, 1, score=0.375)) == OK
    desk.lose(first)
    (again,) = desk.claim(search=first.search.id)
    assert said(desk.report(again, 1, score=0.75)) == OK
    assert said(desk.report(again, 2, score=0.75)) == OK
    assert entries(desk, again) == {1: 0.375}
    assert said(desk.report(again, 3, score=0.75)) == STOP
    assert said(desk.report(first, 3, score=0.1)) == ("lost", None)
    assert [attempt.outcome for attempt in desk.attempts(first.trial.id)] == ["lost", "stopped"]


def test_a_search_whose_last_trial_is_stopped_is_completed(desk: Desk) -> None:
    first, second = started(desk, count=2)
    desk.finish(first, score=0.125)
    desk.report(second, 1, score=0.75)
    search = desk.read(first.search.id)
    assert (search.state, search.finished_at) == (SearchState.COMPLETED, desk.now)
    assert (search.counts[TrialState.COMPLETED], search.counts[TrialState.STOPPED]) == (1, 1)


def test_a_stopped_trial_that_reaches_the_target_ends_the_search(desk: Desk) -> None:
    grant, other = started(desk, count=2, target=0.8)
    desk.report(grant, 1, score=0.75)
    assert desk.read(grant.search.id).state is SearchState.COMPLETED
    assert desk.states(grant.search.id) == [TrialState.STOPPED, TrialState.CANCELLED]
    assert said(desk.report(other, 1, score=0.1)) == ("stop", "cancelled")


def test_a_trial_run_again_to_confirm_is_never_stopped_and_sets_no_measure(desk: Desk) -> None:
    search_id = desk.search(trials=1, queued=0, stopping=ASHA)
    desk.plan(search_id, cutoffs=CUTOFFS, origin=Origin.CONFIRM)
    grant = desk.claim_one()
    assert said(desk.report(grant, 1, score=0.75)) == OK
    assert entries(desk, grant) == {}


def test_an_enqueued_trial_is_judged_like_others(desk: Desk) -> None:
    search_id = desk.search(trials=1, queued=0, stopping=ASHA)
    desk.plan(search_id, cutoffs=CUTOFFS, origin=Origin.ENQUEUED)
    assert said(desk.report(desk.claim_one(), 1, score=0.75)) == STOP


def test_a_round_without_cutoffs_stops_nobody_and_makes_entries(desk: Desk) -> None:
    search_id = desk.search(trials=1, stopping=ASHA)
    grant = desk.claim_one(search=search_id)
    assert said(desk.report(grant, 1, score=1e9)) == OK
    assert entries(desk, grant) == {1: 1e9}


def test_without_a_rule_there_are_no_entries(desk: Desk) -> None:
    (grant,) = started(desk, stopping="none")
    assert said(desk.report(grant, 1, score=1e9)) == OK
    with desk.database.read() as tx:
        assert rungs.last(tx, [grant.trial.id]) == {}


def test_the_median_rule_goes_by_the_best_so_far(desk: Desk) -> None:
    (grant,) = started(desk, stopping={"name": "median"})
    assert said(desk.report(grant, 1, score=0.125)) == OK
    assert said(desk.report(grant, 3, score=9.0)) == OK
    with desk.database.read() as tx:
        assert rungs.last(tx, [grant.trial.id]) == {grant.trial.id: Entry(3, 0.125)}
        assert rungs.scores(tx, grant.search.id, Median(1, 5), up_to=0) == {1: [0.125], 2: [], 3: [0.125]}


@pytest.mark.parametrize(("epochs", "expected"), [(3, OK), (4, STOP)])
def test_a_trial_is_not_stopped_at_what_is_its_end_anyway(desk: Desk, epochs: int, expected: Any) -> None:
    space = {"epochs": {"values": [3, 4]}, "learning_rate": 0.1}
    fields: dict[str, Any] = {"trainer": "mlp", "dataset": "iris", "metric": "dev_cost", "space": space}
    search_id = desk.search(trials=1, queued=0, stopping=ASHA, **fields)
    desk.plan(search_id, cutoffs=CUTOFFS, hyperparameters={"epochs": epochs, "learning_rate": 0.1})
    (grant,) = desk.claim(trainers=["mlp"])
    assert said(desk.report(grant, 3, dev_cost=0.75)) == expected
    assert entries(desk, grant) == {3: 0.75}


def test_a_stopped_trial_is_a_result_with_its_value_and_its_step(desk: Desk) -> None:
    grant, other = started(desk, count=2)
    desk.report(grant, 1, score=0.75)
    desk.finish(other, score=0.5)
    with desk.database.read() as tx:
        found = rounds.memory(tx, searches.get(tx, grant.search.id), up_to=0).results
    assert [(result.number, result.score, result.step) for result in found] == [(0, 0.75, 1), (1, 0.5, None)]


def test_a_round_is_measured_by_the_rounds_before_it_and_by_the_latest_trials_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    search_id = desk.search(queued=3, trials=9, stopping=ASHA)
    desk.plan(search_id, [""] * 2)
    grants = {grant.trial.number: grant for grant in desk.claim(capacity=9)}
    desk.reports(*(a_report(grants[n], 1, score=float(n)) for n in (4, 0, 2, 3, 1)), a_report(grants[1], 3, score=0.5))
    rule = rule_for(parse(ASHA))
    assert rule is not None
    with desk.database.read() as tx:
        assert rungs.scores(tx, search_id, rule, up_to=-1) == {1: [], 3: []}
        assert rungs.scores(tx, search_id, rule, up_to=0) == {1: [2.0, 1.0, 0.0], 3: [0.5]}
        assert rungs.scores(tx, search_id, rule, up_to=1) == {1: [4.0, 3.0, 2.0, 1.0, 0.0], 3: [0.5]}
        monkeypatch.setattr(rungs, "LATEST_TRIALS", 2)
        assert rungs.scores(tx, search_id, rule, up_to=0) == {1: [2.0, 1.0], 3: [0.5]}


def test_entries_go_with_their_search(desk: Desk) -> None:
    (grant,) = started(desk)
    desk.report(grant, 1, score=0.25)
    with desk.database.write() as tx:
        searches.delete(tx, grant.search.id)
        assert rungs.last(tx, [grant.trial.id]) == {}
