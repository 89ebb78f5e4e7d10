"""Ways through a search: what a user starts it with, free of rounds, to the end of a finite space, and confirmed."""

from typing import Any

import pytest

from caviar.states import Origin, SearchState, TrialState
from service.context import Service
from service.planning import Way, advance, preview, way
from service.searches import create, enqueue
from service.storage.database import Database
from tests.service.course import SPACE, Course, score
from tests.service.desk import START, Desk, a_spec

FINITE = {"n": {"low": 0, "high": 4, "type": "int"}, "kind": {"values": ["a", "b"]}}
OWN = {"rate": 0.001, "units": 40, "kind": "c"}


@pytest.fixture
def database(service: Service) -> Database:
    return service.database


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sampler": "random"}, Way.STREAM),
        ({"sampler": "sobol"}, Way.STREAM),
        ({"sampler": {"name": "random", "order": "free"}}, Way.STREAM),
        ({"sampler": "random", "stopping": "asha"}, Way.ROUNDS),
        ({"sampler": "zoom"}, Way.ROUNDS),
        ({"sampler": {"name": "zoom", "order": "free"}}, Way.FREE),
        ({"sampler": {"name": "random", "order": "free"}, "stopping": "median"}, Way.FREE),
    ],
)
def test_a_search_goes_in_rounds_where_its_trials_or_decisions_depend_on_results(fields: Any, expected: Way) -> None:
    assert way(a_spec(**fields)) is expected


def test_with_the_order_free_nobody_ever_waits(database: Database) -> None:
    course = Course(database, trials=40, parallel=8, sampler={"name": "zoom", "order": "free", "confirm": 0})
    held = course.claim(9)
    straggler = held.pop(0)
    while course.search.counts[TrialState.COMPLETED] < 39:
        assert course.open() == min(8, 40 - course.search.counts[TrialState.COMPLETED])
        course.finish(held.pop(0))
        held += course.claim(9)
    assert not held
    course.finish(straggler)
    assert course.search.state is SearchState.COMPLETED
    made = course.rounds()
    assert [round_.seen for round_ in made] == [0, *range(1, len(made))]
    assert {round_.size for round_ in made[1:]} == {1}
    assert len({course.search.spec["seed"] + trial.seed for trial in course.desk.trials(course.id)}) == 40


def test_with_the_order_free_a_round_sees_whatever_has_finished(database: Database) -> None:
    course = Course(database, trials=40, parallel=8, sampler={"name": "zoom", "order": "free"})
    late = course.claim(8)[5:]
    course.finish(*late)
    assert course.rounds()[-1].seen == 3
    best = min(late, key=lambda grant: score(grant.trial.hyperparameters))
    course.finish(*course.claim(9))
    assert course.rounds()[-1].seen == 6
    assert course.rounds()[1].best in (None, {"trial": best.trial.number, "value": score(best.trial.hyperparameters)})


@pytest.mark.parametrize("sampler", ["zoom", "random", "sobol"])
@pytest.mark.parametrize("parallel", [1, 3, 8])
def test_a_search_runs_what_it_is_told_to_start_with_first(service: Service, sampler: str, parallel: int) -> None:
    given = [{**OWN, "units": units} for units in (11, 22, 33)]
    spec = a_spec(sampler=sampler, space=SPACE, trials=20, parallel=parallel, start=given)
    search_id = create(service, spec, idempotency_key=None).id
    course = Course(service.database, search=search_id)
    course.run()
    found = course.desk.trials(search_id)
    assert [trial.hyperparameters for trial in found[:3]] == given
    assert [trial.origin for trial in found[:4]] == [Origin.ENQUEUED] * 3 + [Origin.SAMPLED]
    plain = Course(service.database, sampler=sampler, space=SPACE, trials=20, parallel=parallel)
    others = [trial.hyperparameters for trial in plain.desk.trials(plain.id)]
    assert [trial.hyperparameters for trial in found[3 : 3 + len(others)]][: max(1, parallel - 3)] == others[
        : max(1, parallel - 3)
    ]
    assert preview(spec, count=5, start=given) == [trial.hyperparameters for trial in found[:5]]
    assert course.search.enqueued == 3


@pytest.mark.parametrize("parallel", [1, 2, 8])
def test_a_zoom_ends_with_confirmations_that_know_their_parents(database: Database, parallel: int) -> None:
    course = Course(database, trials=40, parallel=parallel)
    found = course.run()
    assert [trial.origin for trial in found] == [Origin.SAMPLED] * 37 + [Origin.CONFIRM] * 3
    by_id = {trial.id: trial for trial in found}
    for trial in found[37:]:
        assert trial.parent_trial is not None
        parent = by_id[trial.parent_trial]
        assert parent.hyperparameters == trial.hyperparameters
        assert parent.seed != trial.seed
        assert parent.origin is Origin.SAMPLED
    assert course.search.state is SearchState.COMPLETED


@pytest.mark.parametrize("order", ["rounds", "free"])
@pytest.mark.parametrize("parallel", [1, 8])
def test_a_finite_space_ends_the_search_when_each_point_has_been_run(
    database: Database, order: str, parallel: int
) -> None:
    sampler = {"name": "zoom", "order": order}
    course = Course(database, space=FINITE, sampler=sampler, trials=40, parallel=parallel)
    while grants := course.claim():
        for grant in grants:
            course.desk.finish(grant, score=float(grant.trial.hyperparameters["n"]))
        course.advance()
    found = course.desk.trials(course.id)
    assert len({tuple(trial.hyperparameters.items()) for trial in found[:10]}) == 10
    assert [trial.origin for trial in found] == [Origin.SAMPLED] * 10 + [Origin.CONFIRM] * 3
    assert (course.search.budget, course.search.state) == (13, SearchState.COMPLETED)
    assert sum(round_.size for round_ in course.rounds()) == 13


@pytest.mark.parametrize("parallel", [1, 4, 32])
def test_a_grid_is_walked_once_with_enqueued_trials_in_between(service: Service, parallel: int) -> None:
    space = {"x": {"low": 0.0, "high": 1.0, "steps": 4}, "n": {"low": 0, "high": 2, "type": "int"}}
    spec = a_spec(sampler="grid", space=space, trials=40, parallel=parallel, start=[{"x": 0.1, "n": 1}])
    search_id = create(service, spec, idempotency_key=None).id
    desk = Desk(service.database)
    for number in range(5):
        if desk.read(search_id).next_number < desk.read(search_id).budget:
            enqueue(service, search_id, {"x": 0.2 + number / 10, "n": 0}, idempotency_key=None)
        for grant in desk.claim(capacity=2):
            desk.finish(grant, score=0.5)
        advance(service.database, search_id, now=START)
    while grants := desk.claim():
        desk.finish(grants[0], score=0.5)
        advance(service.database, search_id, now=START)
    found = desk.trials(search_id)
    points = [tuple(trial.hyperparameters.items()) for trial in found if trial.origin is Origin.SAMPLED]
    own = [trial for trial in found if trial.origin is Origin.ENQUEUED]
    assert (len(points), len(set(points))) == (12, 12)
    assert own[0].number == 0
    search = desk.read(search_id)
    assert (search.enqueued, search.budget, search.state) == (len(own), 12 + len(own), SearchState.COMPLETED)


def test_sobol_goes_on_where_it_was_after_an_enqueued_trial(service: Service) -> None:
    fields: dict[str, Any] = {"sampler": "sobol", "space": SPACE, "trials": 12, "parallel": 3}
    search_id = create(service, a_spec(**fields), idempotency_key=None).id
    enqueue(service, search_id, OWN, idempotency_key=None)
    found = [trial for trial in Course(service.database, search=search_id).run() if trial.origin is Origin.SAMPLED]
    plain = Course(service.database, **fields).run()
    assert [trial.hyperparameters for trial in found] == [trial.hyperparameters for trial in plain[:11]]


def test_a_preview_of_a_finite_space_shows_what_will_be_created(database: Database) -> None:
    for trials in (8, 30):
        course = Course(database, space=FINITE, trials=trials, parallel=8)
        spec = a_spec(sampler="zoom", space=FINITE, trials=trials, parallel=8)
        assert preview(spec, count=8) == [trial.hyperparameters for trial in course.desk.trials(course.id)]


@pytest.mark.parametrize("order", ["rounds", "free"])
@pytest.mark.parametrize("start", [0, 3])
def test_the_leaders_of_a_tiny_space_are_known_before_they_are_run_again(
    service: Service, order: str, start: int
) -> None:
    """All points fit into the first rounds, so the rest has to wait for them."""
    space = {"n": {"low": 1, "high": 5, "type": "int"}}
    given = [{"n": 1 + n} for n in range(start)]
    spec = a_spec(space=space, trials=100, parallel=8, sampler={"name": "zoom", "order": order}, start=given)
    search_id = create(service, spec, idempotency_key=None).id
    course = Course(service.database, search=search_id)
    while grants := course.claim(3):
        for grant in grants:
            course.desk.finish(grant, score=float(grant.trial.hyperparameters["n"]))
        course.advance()
    found = course.desk.trials(search_id)
    assert sorted(trial.hyperparameters["n"] for trial in found[start : start + 5]) == [1, 2, 3, 4, 5]
    assert [trial.hyperparameters["n"] for trial in found[start + 5 :]] == [1, 2, 3]
    assert [trial.origin for trial in found[start:]] == [Origin.SAMPLED] * 5 + [Origin.CONFIRM] * 3


def test_a_users_own_trial_comes_between_and_not_in_place_of_what_the_search_starts_with(service: Service) -> None:
    given = [{**OWN, "units": units} for units in (11, 22, 33, 44, 55, 66)]
    spec = a_spec(sampler="zoom", space=SPACE, trials=20, parallel=4, start=given)
    search_id = create(service, spec, idempotency_key=None).id
    enqueue(service, search_id, {**OWN, "units": 99}, idempotency_key=None)
    course = Course(service.database, search=search_id)
    course.run()
    found = course.desk.trials(search_id)
    assert [trial.hyperparameters["units"] for trial in found[:7]] == [11, 22, 33, 44, 99, 55, 66]
    assert [trial.origin for trial in found[:8]] == [Origin.ENQUEUED] * 7 + [Origin.SAMPLED]
    assert course.search.enqueued == 7
