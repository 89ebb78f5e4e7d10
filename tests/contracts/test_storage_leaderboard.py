"""The leaderboard: best first, diverged last, ties by number, paged by the position of the last row."""

import math

import pytest

from caviar.states import TrialState
from service.storage import trials
from service.storage.records import TrialRecord
from tests.service.desk import Desk

Position = tuple[bool, float, int]


def position(trial: TrialRecord) -> Position:
    assert trial.score is not None
    return trial.diverged, trial.score, trial.number


def ranked(desk: Desk, search_id: int, *, limit: int = 100, after: Position | None = None) -> list[TrialRecord]:
    with desk.database.read() as tx:
        return trials.ranked(tx, search_id, limit=limit, after=after)


def filled(desk: Desk, *values: float, goal: str = "minimize") -> int:
    """A search whose trials finished with these values, and one that is still queued."""
    search_id = desk.search(queued=len(values) + 1, goal=goal)
    for value in values:
        desk.finish(desk.claim_one(search=search_id), score=value)
    return search_id


@pytest.mark.parametrize(
    ("goal", "numbers"), [("minimize", [3, 0, 2, 5, 1, 4, 6]), ("maximize", [1, 0, 2, 5, 3, 4, 6])]
)
def test_trials_are_ranked_best_first_with_ties_by_number_and_diverged_last(
    desk: Desk, goal: str, numbers: list[int]
) -> None:
    search_id = filled(desk, 0.5, 0.75, 0.5, -0.25, math.nan, 0.5, -math.inf, goal=goal)
    found = ranked(desk, search_id)
    assert [trial.number for trial in found] == numbers
    assert [trial.diverged for trial in found] == [False] * 5 + [True] * 2


def test_only_trials_with_a_result_are_ranked(desk: Desk) -> None:
    search_id = desk.search(queued=5)
    done, failed, cancelled, _ = desk.claim(capacity=4)
    desk.finish(done, score=0.5)
    desk.finish(failed, "failed")
    desk.cancel(cancelled.trial.id)
    assert [trial.number for trial in ranked(desk, search_id)] == [0]
    assert len(set(desk.states(search_id))) == len(TrialState) - 1


def test_a_leaderboard_holds_trials_of_its_search_alone(desk: Desk) -> None:
    first, second = filled(desk, 0.1, 0.2), filled(desk, 0.3)
    assert [trial.value for trial in ranked(desk, first)] == [0.1, 0.2]
    assert [trial.value for trial in ranked(desk, second)] == [0.3]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_joined_are_the_whole_leaderboard(desk: Desk, limit: int) -> None:
    search_id = filled(desk, 0.5, 0.0, 0.5, -1.5, math.nan, 0.5, math.inf, 1e300, -1e-300)
    whole = ranked(desk, search_id)
    pages: list[TrialRecord] = []
    while page := ranked(desk, search_id, limit=limit, after=position(pages[-1]) if pages else None):
        assert len(page) <= limit
        pages += page
    assert pages == whole
    assert len(whole) == 9


def test_a_trial_that_finishes_between_two_pages_moves_no_other_into_both(desk: Desk) -> None:
    search_id = desk.search(queued=6)
    grants = desk.claim(capacity=6)
    for grant, value in zip(grants, (0.2, 0.4, 0.6), strict=False):
        desk.finish(grant, score=value)
    first = ranked(desk, search_id, limit=2)
    desk.finish(grants[3], score=0.1)
    desk.finish(grants[4], score=0.5)
    second = ranked(desk, search_id, limit=2, after=position(first[-1]))
    assert [trial.value for trial in first] == [0.2, 0.4]
    assert [trial.value for trial in second] == [0.5, 0.6]


def test_the_position_of_a_page_may_be_any_place_between_two_rows(desk: Desk) -> None:
    search_id = filled(desk, 0.1, 0.3, math.nan)
    assert [trial.number for trial in ranked(desk, search_id, after=(False, 0.2, 0))] == [1, 2]
    assert [trial.number for trial in ranked(desk, search_id, after=(False, math.inf, 0))] == [2]
    assert ranked(desk, search_id, after=(True, 0.0, 2)) == []


def test_all_trials_are_paged_by_number_and_filtered_by_state(desk: Desk) -> None:
    search_id = filled(desk, 0.3, 0.2, 0.1)
    with desk.database.read() as tx:
        first = trials.page(tx, search_id, state=None, limit=3, after=None)
        second = trials.page(tx, search_id, state=None, limit=3, after=first[-1].number)
        done = trials.page(tx, search_id, state=TrialState.COMPLETED, limit=3, after=1)
    assert [trial.number for trial in (*first, *second)] == [0, 1, 2, 3]
    assert [trial.number for trial in done] == [2]


def test_a_learning_curve_is_paged_attempt_by_attempt(desk: Desk) -> None:
    desk.search()
    for steps in (3, 2):
        grant = desk.claim_one()
        for step in range(steps):
            desk.report(grant, step, score=step)
        desk.finish(grant, "returned")
    seen: list[tuple[int, int]] = []
    with desk.database.read() as tx:
        while page := trials.reports(tx, grant.trial.id, limit=2, after=seen[-1] if seen else None):
            seen += [(report.attempt, report.step) for report in page]
    assert seen == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]


def test_of_equals_the_first_is_the_best_of_its_search_whoever_finishes_first(desk: Desk) -> None:
    search_id = desk.search(queued=3)
    first, second, third = desk.claim(capacity=3)
    for grant in (second, third, first):
        desk.finish(grant, score=0.5)
    assert desk.read(search_id).best_trial == ranked(desk, search_id)[0].id == first.trial.id
