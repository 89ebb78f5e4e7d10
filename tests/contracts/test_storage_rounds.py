"""Rounds: a step is carried out as a whole and once, whoever computed it."""

from dataclasses import replace

import pytest

from caviar.states import Origin, SearchState, TrialState
from service.samplers.interface import Result
from service.storage import ledgers, rounds, searches
from service.storage.records import Draft
from service.storage.rounds import MOST_RESULTS, SOME, Memory, Step
from tests.service.desk import FIRST_ROUND, VIOLATIONS, Desk, an_outcome, drafts

ROUND = replace(FIRST_ROUND, size=4, best={"trial": 3, "value": 0.5}, state={"box": {"x": [[0.25, 0.75]]}}, hints=[])


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
    with pytest.raises(VIOLATIONS):
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


def memory(desk: Desk, search_id: int, *, up_to: int | None = None) -> Memory:
    with desk.database.read() as tx:
        return rounds.memory(tx, searches.get(tx, search_id), up_to=up_to)


def test_a_memory_holds_the_finished_trials_by_number_with_the_worst_as_none(desk: Desk) -> None:
    search_id = desk.search(queued=5, trials=7, goal="maximize")
    desk.plan(search_id, ["", ""])
    grants = desk.claim(capacity=6)
    desk.cancel(grants[4].trial.id)
    desk.finish(grants[3], score=float("nan"))
    desk.finish(grants[2], "failed", error="boom")
    desk.finish(grants[1], score=0.75)
    desk.finish(grants[5], score=0.875)
    ended = [Result(n, {"x": n / 1000}, score) for n, score in [(1, -0.75), (2, None), (3, None), (4, None)]]
    later = Result(5, {"x": 0.005}, -0.875)
    running, queued = {"x": 0.0}, {"x": 0.006}
    assert memory(desk, search_id) == Memory([*ended, later], seen=5, pending=[running, queued])
    desk.finish(grants[0], score=0.5)
    first = [Result(0, running, -0.5), *ended]
    assert memory(desk, search_id, up_to=0) == Memory(first, seen=5, pending=[dict(later.hyperparameters), queued])
    assert memory(desk, search_id, up_to=-1) == Memory([], seen=0, pending=[{"x": n / 1000} for n in range(7)])


def test_of_a_long_search_a_memory_holds_the_best_and_the_newest(desk: Desk) -> None:
    """Of 420 trials number 0 has the best score, then 1 and so on; each tenth failed."""
    count = MOST_RESULTS + 20
    search_id = desk.search(queued=count, trials=count + 1, parallel=1000)
    desk.plan(search_id, [""])
    grants = {grant.trial.number: grant for _ in range(0, count, 70) for grant in desk.claim(capacity=70)}
    assert set(grants) == set(range(count))
    outcomes = [
        an_outcome(grant, "failed" if number % 10 == 9 else "completed", score=float(number))
        for number, grant in grants.items()
    ]
    desk.finishes(*outcomes[:MOST_RESULTS])
    assert [result.number for result in memory(desk, search_id).results] == list(range(MOST_RESULTS))
    desk.finishes(*outcomes[MOST_RESULTS:])
    found = memory(desk, search_id, up_to=0)
    assert (found.seen, found.pending) == (count, [{"x": count / 1000}])
    best = [number for number in range(count) if number % 10 != 9][:SOME]
    newest = list(range(count - SOME, count))
    assert [result.number for result in found.results] == best + newest
    assert [result.score is None for result in found.results] == [number % 10 == 9 for number in best + newest]


def test_a_step_with_nothing_more_ends_the_budget_and_with_its_last_trial_the_search(desk: Desk) -> None:
    search_id = desk.search(trials=9, queued=0)
    assert desk.take(search_id, replace(step(), is_last=True, round_left=0))
    assert (desk.read(search_id).budget, desk.read(search_id).state) == (2, SearchState.ACTIVE)
    for grant in desk.claim(capacity=2):
        desk.finish(grant, score=0.5)
    assert desk.read(search_id).state is SearchState.COMPLETED


def test_a_step_that_finds_nothing_at_all_completes_a_search_whose_trials_have_ended(desk: Desk) -> None:
    search_id = desk.search(trials=9, queued=1)
    desk.finish(desk.claim_one(), score=0.5)
    nothing = Step(next_number=1, next_round=1, round=None, drafts=[], round_left=0, is_last=True)
    assert desk.take(search_id, nothing)
    search = desk.read(search_id)
    assert (search.budget, search.state, search.next_round) == (1, SearchState.COMPLETED, 1)


def test_a_trial_knows_its_parent_by_its_id_and_enqueued_ones_are_counted(desk: Desk) -> None:
    search_id = desk.search(trials=5, queued=2)
    desk.plan(search_id, origin=Origin.CONFIRM, parent=1)
    desk.plan(search_id, ["", ""], origin=Origin.ENQUEUED)
    made = desk.trials(search_id)
    assert [trial.parent_trial for trial in made] == [None, None, made[1].id, None, None]
    assert [trial.origin for trial in made[1:4]] == [Origin.SAMPLED, Origin.CONFIRM, Origin.ENQUEUED]
    assert desk.read(search_id).enqueued == 2


def test_the_hints_of_a_round_are_kept(desk: Desk) -> None:
    search_id = desk.search(trials=4, queued=0)
    told = replace(ROUND, hints=["x: the best lie at its upper end; widen the range?"])
    desk.take(search_id, replace(step(), round=told))
    assert pages(desk, search_id) == [told]
