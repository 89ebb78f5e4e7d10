"""Rounds: how large they are, when they are due, and that the same spec, seed and results give the same trials."""

from dataclasses import replace
from typing import Any

import pytest

from caviar.spec import SearchSpec
from caviar.states import SearchState, TrialState
from service.context import Service
from service.planning import View, advance, lag, plan_step, preview
from service.samplers.interface import Result
from service.samplers.streams import trial_seed
from service.searches import create, enqueue
from service.storage import rounds
from service.storage.claims import Grant
from service.storage.database import Database
from service.storage.records import Definition, SearchRecord
from service.storage.rounds import Memory
from tests.service.course import SPACE, Course, score
from tests.service.desk import START, Desk, a_spec


@pytest.fixture
def database(service: Service) -> Database:
    return service.database


@pytest.mark.parametrize(("parallel", "size", "first"), [(1, 1, 1), (2, 1, 2), (3, 1, 2), (8, 4, 8), (9, 4, 8)])
def test_rounds_hold_half_of_what_may_be_open_and_two_are_open_at_first(
    database: Database, parallel: int, size: int, first: int
) -> None:
    course = Course(database, trials=30, parallel=parallel)
    assert [made.size for made in course.rounds()] == [size] * (first // size)
    assert course.open() == first <= parallel


def test_the_last_round_is_as_small_as_what_is_left_of_the_budget(database: Database) -> None:
    course = Course(database, trials=10, parallel=8)
    course.finish(*course.claim(8))
    assert [(made.first, made.size) for made in course.rounds()] == [(0, 4), (4, 4), (8, 2)]
    assert course.search.next_number == 10
    assert not course.advance()


def test_with_parallel_1_each_trial_waits_for_the_one_before_it(database: Database) -> None:
    course = Course(database, trials=4, parallel=1)
    seen = []
    for number in range(4):
        (grant,) = course.claim(9)
        assert grant.trial.number == number
        course.finish(grant)
        seen = [made.seen for made in course.rounds()]
    assert (lag(1), seen) == (1, [0, 1, 2, 3])


@pytest.mark.parametrize("parallel", [2, 3])
def test_with_rounds_of_one_a_round_waits_for_the_last_but_one(database: Database, parallel: int) -> None:
    course = Course(database, trials=9, parallel=parallel)
    first, second = course.claim(9)
    course.finish(second)
    assert course.numbers() == [0, 1]
    course.finish(first)
    assert course.numbers() == [0, 1, 2, 3]
    assert [made.seen for made in course.rounds()] == [0, 0, 1, 2]


def test_a_round_waits_for_every_trial_of_the_round_two_before_and_for_none_of_the_last(database: Database) -> None:
    course = Course(database, trials=30, parallel=8)
    grants = course.claim(8)
    course.finish(*grants[4:], *grants[:3])
    assert course.numbers() == [0, 4]
    course.finish(grants[3])
    assert course.numbers() == [0, 4, 8, 12]
    assert [made.seen for made in course.rounds()] == [0, 0, 4, 8]


def test_a_round_sees_the_rounds_up_to_two_before_it_and_not_what_else_has_finished(database: Database) -> None:
    course = Course(database, trials=30, parallel=8)
    early = course.claim(8)
    course.finish(*early[:5])
    third = course.rounds()[2]
    assert third.seen == 4
    best = min(early[:4], key=lambda grant: score(grant.trial.hyperparameters))
    assert third.best == {"trial": best.trial.number, "value": score(best.trial.hyperparameters)}


@pytest.mark.parametrize("end", ["fail", "cancel", "diverge"])
def test_trials_without_a_value_are_results_too(database: Database, end: str) -> None:
    course = Course(database, trials=30, parallel=8)
    *others, last = course.claim(4)
    course.finish(*others)
    if end == "cancel":
        course.desk.cancel(last.trial.id)
    else:
        course.desk.finish(last, "failed" if end == "fail" else "completed", score=float("nan"))
    assert course.advance()
    assert course.rounds()[2].seen == 4


def test_a_trial_that_came_back_is_waited_for(database: Database) -> None:
    course = Course(database, trials=30, parallel=8)
    *others, last = course.claim(4)
    course.finish(*others)
    course.desk.finish(last, "returned")
    assert not course.advance()
    assert course.numbers() == [0, 4]


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_the_best_a_round_saw_is_told_as_the_user_measures_it(database: Database, goal: str) -> None:
    course = Course(database, trials=30, parallel=8, goal=goal)
    values = [0.5, 0.25, 0.75, 0.25]
    for grant, value in zip(course.claim(4), values, strict=True):
        course.desk.finish(grant, score=value)
    course.advance()
    expected = {"minimize": {"trial": 1, "value": 0.25}, "maximize": {"trial": 2, "value": 0.75}}[goal]
    assert course.rounds()[2].best == expected


def test_random_has_one_round_and_never_waits(database: Database) -> None:
    course = Course(database, trials=20, parallel=6, sampler="random")
    held: list[Grant] = []
    while course.search.state is SearchState.ACTIVE:
        assert course.open() == min(6, 20 - course.search.counts[TrialState.COMPLETED])
        held += course.claim(9)
        course.finish(held.pop())
    assert [(made.first, made.size, made.seen) for made in course.rounds()] == [(0, 20, 0)]


def test_an_extended_budget_of_random_opens_another_round(database: Database) -> None:
    course = Course(database, trials=3, parallel=2, sampler="random")
    while grants := course.claim(9):
        course.finish(*grants)
    course.desk.change(course.id, state=SearchState.ACTIVE, budget=8)
    assert course.advance()
    assert [(made.first, made.size) for made in course.rounds()] == [(0, 3), (3, 5)]
    assert course.open() == 2


def test_an_extended_search_draws_what_it_would_have_drawn_with_that_budget(database: Database) -> None:
    def run(course: Course, budget: int) -> list[Any]:
        while grants := course.claim(1):
            course.finish(*grants)
        if course.search.budget < budget:
            course.desk.change(course.id, state=SearchState.ACTIVE, budget=budget)
            course.advance()
            return run(course, budget)
        return [trial.hyperparameters for trial in course.desk.trials(course.id)]

    for sampler, parallel in (("random", 3), ("zoom", 2)):
        extended = run(Course(database, trials=9, parallel=parallel, sampler=sampler), 16)
        assert extended == run(Course(database, trials=16, parallel=parallel, sampler=sampler), 16)
        assert len(extended) == 16


def test_a_paused_search_is_planned_on_and_one_that_ended_is_not(database: Database) -> None:
    course = Course(database, trials=9, parallel=2)
    grants = course.claim(9)
    course.desk.change(course.id, state=SearchState.PAUSED)
    course.finish(*grants)
    assert course.numbers() == [0, 1, 2, 3]
    course.desk.change(course.id, state=SearchState.CANCELLED)
    assert not course.advance()
    assert not advance(database, 999_999, now=START)


def test_nothing_is_planned_after_the_deadline(database: Database) -> None:
    course = Course(database, trials=9, parallel=2, max_seconds=60)
    first, second = course.claim(9)
    course.desk.wait(60)
    course.finish(first)
    assert course.numbers() == [0, 1]
    course.finish(second)
    assert (course.search.state, course.numbers()) == (SearchState.COMPLETED, [0, 1])


def test_an_enqueued_trial_takes_the_next_number_and_the_next_round_sees_it(service: Service) -> None:
    spec = a_spec(sampler="zoom", space=SPACE, trials=30, parallel=8)
    search_id = create(service, spec, idempotency_key=None).id
    own = {"rate": 0.001, "units": 40, "kind": "b", "depth": 0.5}
    trial = enqueue(service, search_id, own, idempotency_key=None)
    assert (trial.number, trial.origin, trial.hyperparameters) == (8, "enqueued", own)
    assert trial.seed == trial_seed(seed=0, number=8)
    desk = Desk(service.database)
    grants = {grant.trial.number: grant for grant in desk.claim(capacity=8)}
    enqueued = grants.pop(8)
    for grant in grants.values():
        desk.finish(grant, score=1.0)
    assert not advance(service.database, search_id, now=START)
    desk.finish(enqueued, score=0.5)
    assert advance(service.database, search_id, now=START)
    with service.database.read() as tx:
        made = rounds.page(tx, search_id, limit=9, after=1)
    assert (made[0].first, made[0].seen, made[0].best) == (9, 5, {"trial": 8, "value": 0.5})


def test_enqueued_trials_count_in_the_budget(service: Service) -> None:
    search_id = create(service, a_spec(trials=6, parallel=2), idempotency_key=None).id
    for _ in range(3):
        enqueue(service, search_id, {"x": 0.5}, idempotency_key=None)
    desk = Desk(service.database)
    while grants := desk.claim(capacity=9):
        desk.finish(grants[0], score=1.0)
        for grant in grants[1:]:
            desk.finish(grant, "returned")
        advance(service.database, search_id, now=START)
    origins = [trial.origin for trial in desk.trials(search_id)]
    assert (len(origins), origins.count(origins[-1]), desk.read(search_id).state) == (6, 3, SearchState.COMPLETED)


def view(**fields: Any) -> View:
    """A search that has just been created."""
    spec = a_spec(**({"sampler": "zoom", "space": SPACE, "trials": 30, "parallel": 8} | fields))
    search = SearchRecord(
        id=1,
        name="",
        notes="",
        priority=0,
        state=SearchState.ACTIVE,
        definition=Definition(spec.document()),
        trainer=spec.trainer,
        dataset_name=None,
        dataset_hash=None,
        budget=spec.trials,
        parallel=spec.parallel,
        next_number=0,
        next_round=0,
        round_left=0,
        counts=dict.fromkeys(TrialState, 0),
        best_trial=None,
        best_score=None,
        changes=0,
        ranking=0,
        start=(),
        enqueued=0,
        parent_search=None,
        created_at=START,
        deadline_at=None,
        finished_at=None,
    )
    return View(search, SearchSpec.model_validate(search.spec), None)


@pytest.mark.parametrize("sampler", ["random", "zoom"])
def test_a_step_is_a_pure_function_of_what_was_seen(sampler: str) -> None:
    first, second = view(sampler=sampler), view(sampler=sampler)
    step = plan_step(first)
    assert plan_step(first) == plan_step(second) == step
    assert first == second


def test_a_step_depends_on_the_results_and_not_on_their_order() -> None:
    results = [Result(n, {"rate": 0.01, "units": 40 + n, "kind": "b", "depth": 0.5}, float(n)) for n in range(12)]
    start = view()
    later = replace(start.search, next_number=16, next_round=2)
    orders = results, results[::-1], results[:6]
    steps = [plan_step(View(later, start.spec, None, Memory(order, 12))) for order in orders]
    assert steps[0] == steps[1] != steps[2]


def test_random_draws_as_many_as_there_are_places(database: Database) -> None:
    opened = plan_step(view(sampler="random", trials=20, parallel=6))
    assert (len(opened.drafts), opened.round_left) == (6, 14)
    course = Course(database, sampler="random", trials=20, parallel=6)
    assert not course.advance()
    (grant,) = course.claim()
    assert not course.advance()
    course.finish(grant)
    assert course.search.next_number == 7


@pytest.mark.parametrize("sampler", ["random", "zoom"])
def test_a_preview_shows_the_first_trials_as_they_will_be_created(database: Database, sampler: str) -> None:
    spec = a_spec(sampler=sampler, space=SPACE, trials=30, parallel=8, seed=5)
    course = Course(database, sampler=sampler, trials=30, parallel=8, seed=5)
    shown = preview(SearchSpec.model_validate(spec), count=8)
    assert shown == [trial.hyperparameters for trial in course.desk.trials(course.id)]
    assert list(shown[0]) == [name for name in SPACE if name in shown[0]]


def test_every_trial_has_a_seed_of_its_own(database: Database) -> None:
    course = Course(database, trials=8, parallel=8, seed=3)
    seeds = [trial.seed for trial in course.desk.trials(course.id)]
    assert seeds == [trial_seed(seed=3, number=number) for number in range(8)]
