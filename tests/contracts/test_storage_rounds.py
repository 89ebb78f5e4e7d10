"""Rounds: a step is carried out as a whole and once, whoever computed it."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from caviar.states import Origin, SearchState, TrialState
from service.samplers.interface import Result
from service.storage import ledgers, rounds, searches
from service.storage.records import Draft
from service.storage.rounds import Step
from tests.service.desk import FIRST_ROUND, Desk, drafts

ROUND = replace(FIRST_ROUND, size=4, best={"trial": 3, "value": 0.5}, state={"box": {"x": [[0.25, 0.75]]}})


def step(count: int = 2, *, round_left: int = 2) -> Step:
    """The first two of a first round of four."""
    return Step(next_number=0, next_round=0, round=ROUND, drafts=drafts([""] * count, first=0), round_left=round_left)


def pages(desk: Desk, search_id: int) -> list[object]:
    with desk.database.read() as tx:
        return list(rounds.page(tx, search_id, limit=100, after=None))


def test_a_step_creates_its_round_and_its_trials_and_moves_the_counters(desk: Desk) -> None:
    search_id = desk.search(trials=4, queued=0)
    assert desk.take(search_id, step())
    search = desk.read(search_id)
    assert (search.next_number, search.next_round, search.round_left) == (2, 1, 2)
    assert search.counts[TrialState.QUEUED] == 2
    assert pages(desk, search_id) == [ROUND]
    first = desk.trial(search_id, 1)
    assert (first.number, first.round, first.origin, first.seed, first.attempt) == (1, 0, Origin.SAMPLED, 1, 0)
    assert (first.hyperparameters, first.state, first.created_at) == ({"x": 0.001}, TrialState.QUEUED, desk.now)


def test_the_same_step_of_a_second_server_does_nothing(desk: Desk) -> None:
    search_id = desk.search(trials=4, queued=0)
    assert desk.take(search_id, step())
    before = desk.read(search_id)
    assert not desk.take(search_id, step())
    assert desk.read(search_id) == before
    assert len(desk.trials(search_id)) == 2


def test_a_round_is_filled_by_steps_without_a_round_of_their_own(desk: Desk) -> None:
    search_id = desk.search(trials=4, queued=0)
    desk.take(search_id, step())
    rest = Step(next_number=2, next_round=1, round=None, drafts=drafts([""] * 2, first=2), round_left=0)
    assert desk.take(search_id, rest)
    assert not desk.take(search_id, rest)
    search = desk.read(search_id)
    assert (search.next_number, search.next_round, search.round_left) == (4, 1, 0)
    assert pages(desk, search_id) == [ROUND]


def test_a_step_that_cannot_be_stored_whole_leaves_nothing(desk: Desk) -> None:
    search_id = desk.search(trials=4, queued=0)
    before = desk.read(search_id)
    twice = [*drafts(["", ""], first=0), *drafts([""], first=1)]
    with pytest.raises(sa.exc.IntegrityError):
        desk.take(search_id, replace(step(), drafts=twice))
    assert desk.read(search_id) == before
    assert (pages(desk, search_id), desk.trials(search_id)) == ([], [])


def test_a_step_beyond_a_budget_that_has_shrunk_does_nothing(desk: Desk) -> None:
    search_id = desk.search(trials=4, queued=0)
    assert not desk.take(search_id, step(5))
    assert desk.trials(search_id) == []


@pytest.mark.parametrize("state", [SearchState.CANCELLED, None])
def test_a_step_for_a_search_that_ended_or_is_gone_does_nothing(desk: Desk, state: SearchState | None) -> None:
    search_id = desk.search(trials=4, queued=0)
    if state is not None:
        desk.change(search_id, state=state)
    else:
        with desk.database.write() as tx:
            searches.delete(tx, search_id)
    assert not desk.take(search_id, step())


def test_a_paused_search_is_planned_on(desk: Desk) -> None:
    search_id = desk.search(trials=4, queued=0)
    desk.change(search_id, state=SearchState.PAUSED)
    assert desk.take(search_id, step())


def test_an_appended_trial_takes_the_next_number_and_makes_older_steps_void(desk: Desk) -> None:
    search_id = desk.search(trials=5, queued=0)
    desk.take(search_id, step())
    computed = Step(next_number=2, next_round=1, round=None, drafts=drafts([""] * 2, first=2), round_left=0)
    own = Draft(2, 0, Origin.ENQUEUED, "", {"x": 0.9}, seed=5)
    with desk.database.write() as tx:
        rounds.append(tx, ledgers.lock_one(tx, search_id), own, now=desk.now)
    assert not desk.take(search_id, computed)
    search, trial = desk.read(search_id), desk.trial(search_id, 2)
    assert (search.next_number, search.next_round, search.round_left) == (3, 1, 2)
    assert (trial.origin, trial.hyperparameters, trial.state) == (Origin.ENQUEUED, {"x": 0.9}, TrialState.QUEUED)


def test_rounds_are_paged_in_order_and_the_newest_is_found(desk: Desk) -> None:
    search_id = desk.search(trials=5, queued=0)
    with desk.database.read() as tx:
        assert rounds.newest(tx, searches.get(tx, search_id)) is None
    for _ in range(5):
        desk.plan(search_id, [""])
    with desk.database.read() as tx:
        first = rounds.page(tx, search_id, limit=2, after=None)
        rest = rounds.page(tx, search_id, limit=9, after=first[-1].round)
        newest = rounds.newest(tx, searches.get(tx, search_id))
    assert [found.round for found in (*first, *rest)] == [0, 1, 2, 3, 4]
    assert newest == rest[-1]


def test_a_round_is_open_while_one_trial_up_to_it_is(desk: Desk) -> None:
    search_id = desk.search(stacks=["", ""], trials=4)
    desk.plan(search_id, ["", ""])
    with desk.database.read() as tx:
        assert not rounds.has_open(tx, search_id, up_to=-1)
        assert rounds.has_open(tx, search_id, up_to=0)
    first, second = desk.claim(capacity=2)
    desk.finish(first, score=1.0)
    with desk.database.read() as tx:
        assert rounds.has_open(tx, search_id, up_to=0)
    desk.finish(second, "failed")
    with desk.database.read() as tx:
        assert not rounds.has_open(tx, search_id, up_to=0)
        assert rounds.has_open(tx, search_id, up_to=1)


def test_results_are_the_finished_trials_by_number_with_the_worst_as_none(desk: Desk) -> None:
    search_id = desk.search(queued=5, trials=7, goal="maximize")
    desk.plan(search_id, ["", ""])
    grants = desk.claim(capacity=6)
    desk.cancel(grants[4].trial.id)
    desk.finish(grants[3], score=float("nan"))
    desk.finish(grants[2], "failed", error="boom")
    desk.finish(grants[1], score=0.75)
    desk.finish(grants[5], score=0.875)
    with desk.database.read() as tx:
        found, later = rounds.results(tx, search_id, up_to=0), rounds.results(tx, search_id, up_to=1)
    assert found == [Result(n, {"x": n / 1000}, score) for n, score in [(1, -0.75), (2, None), (3, None), (4, None)]]
    assert later[4:] == [Result(5, {"x": 0.005}, -0.875)]
