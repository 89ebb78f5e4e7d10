"""What a search runs first: its user's own trials, and the best of another search moved into its space."""

from typing import Any

import pytest

from caviar.errors import InvalidSpec
from caviar.states import Origin
from service import searches as use
from service.context import Service
from service.storage.records import TrialRecord
from tests.service.desk import Desk, a_spec

SPACE: dict[str, Any] = {"x": {"low": 0.0, "high": 1.0}, "n": {"low": 1, "high": 4, "type": "int"}, "kind": "toy"}


def a_finished_search(service: Service, scores: list[float]) -> int:
    """Trial number i has x = i / 10 and n = 1 + i % 4, and the score at its place."""
    start = [{"x": number / 10, "n": 1 + number % 4} for number in range(len(scores))]
    spec = a_spec(sampler="random", space=SPACE, trials=len(scores), parallel=len(scores), start=start)
    search_id = use.create(service, spec, idempotency_key=None).id
    desk = Desk(service.database)
    for grant in desk.claim(capacity=len(scores), search=search_id):
        desk.finish(grant, score=scores[grant.trial.number])
    return search_id


def begun(service: Service, **fields: Any) -> list[TrialRecord]:
    """The enqueued trials of a new search."""
    spec = a_spec(**({"sampler": "random", "space": SPACE, "trials": 20, "parallel": 20} | fields))
    search_id = use.create(service, spec, idempotency_key=None).id
    return [trial for trial in Desk(service.database).trials(search_id) if trial.origin is Origin.ENQUEUED]


def test_the_best_of_another_search_come_first_and_the_best_of_them_at_the_head(service: Service) -> None:
    source = a_finished_search(service, [5.0, 1.0, float("nan"), 3.0, 2.0])
    found = begun(service, start_from={"search": str(source), "top": 3})
    assert [(trial.number, trial.hyperparameters["x"]) for trial in found] == [(0, 0.1), (1, 0.4), (2, 0.3)]


def test_they_follow_the_users_own_and_no_point_comes_twice(service: Service) -> None:
    source = a_finished_search(service, [1.0, 2.0, 3.0])
    own = {"x": 0.0, "n": 1}
    found = begun(service, start=[own], start_from={"search": str(source)})
    assert [trial.hyperparameters for trial in found] == [
        {"x": number / 10, "n": 1 + number, "kind": "toy"} for number in range(3)
    ]


def test_a_diverged_trial_is_nobodys_guess(service: Service) -> None:
    source = a_finished_search(service, [float("nan"), 1.0])
    assert [trial.hyperparameters["x"] for trial in begun(service, start_from={"search": str(source)})] == [0.1]


def test_each_is_moved_to_the_nearest_point_of_the_new_space(service: Service) -> None:
    source = a_finished_search(service, [3.0, 2.0, 1.0])
    narrow = {"x": {"low": 0.15, "high": 1.0}, "n": {"values": [2, 8]}, "new": {"low": 0.0, "high": 2.0}}
    found = begun(service, space=narrow, start_from={"search": str(source), "top": 1})
    assert [trial.hyperparameters for trial in found] == [{"x": 0.2, "n": 2, "new": 1.0}]


def test_there_are_no_more_than_the_budget(service: Service) -> None:
    source = a_finished_search(service, [3.0, 2.0, 1.0])
    assert len(begun(service, trials=2, parallel=2, start_from={"search": str(source)})) == 2


@pytest.mark.parametrize("search", ["999", "abc"])
def test_a_search_that_is_not_there_is_named(service: Service, search: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        begun(service, start_from={"search": search})
    assert [error.pointer for error in caught.value.errors] == ["/start_from/search"]
    assert f"there is no search {search}" in caught.value.detail


def test_what_is_wrong_with_a_start_is_told_where_it_stands(service: Service) -> None:
    with pytest.raises(InvalidSpec) as caught:
        begun(service, start=[{"x": 0.5, "n": 1}, {"x": 2.0, "m": 1}])
    assert [error.pointer for error in caught.value.errors] == ["/start/1/x", "/start/1/n", "/start/1/m"]


def test_a_start_larger_than_the_budget_is_refused(service: Service) -> None:
    with pytest.raises(InvalidSpec, match="holds 2 trials, but the budget is 1; raise trials"):
        begun(service, trials=1, start=[{"x": 0.1, "n": 1}, {"x": 0.2, "n": 1}])


def test_a_repeated_search_has_the_next_seed_the_same_spec_and_its_parent(service: Service) -> None:
    first = use.create(service, a_spec(space=SPACE, seed=7), idempotency_key=None)
    second = use.repeat(service, first.id, seed=None, idempotency_key=None)
    third = use.repeat(service, second.id, seed=7, idempotency_key=None)
    assert (second.spec, second.parent_search) == ({**first.spec, "seed": 8}, first.id)
    assert (third.spec, third.parent_search) == (first.spec, second.id)
    desk = Desk(service.database)
    drawn = [[trial.hyperparameters for trial in desk.trials(search.id)] for search in (first, second, third)]
    assert drawn[0] == drawn[2] != drawn[1]


def test_a_repeated_search_starts_as_the_first_did_though_its_source_is_gone(service: Service) -> None:
    source = a_finished_search(service, [3.0, 2.0, 1.0])
    spec = a_spec(space=SPACE, trials=9, start_from={"search": str(source), "top": 2})
    first = use.create(service, spec, idempotency_key=None)
    use.delete(service, source)
    again = use.repeat(service, first.id, seed=None, idempotency_key=None)
    assert len(first.start) == 2
    assert again.start == first.start


def test_a_start_that_the_trainer_could_not_run_is_told_where_it_stands(service: Service) -> None:
    space = {"batch_norm": {"values": [True, False]}, "batch_size": {"low": 1, "high": 1000, "type": "int"}}
    network = {"trainer": "mlp", "dataset": "wine", "metric": "dev_accuracy", "goal": "maximize", "space": space}
    fine, wrong = {"batch_norm": False, "batch_size": 1}, {"batch_norm": True, "batch_size": 1}
    assert len(begun(service, **network, start=[fine])) == 1
    with pytest.raises(InvalidSpec, match="must be at least 2 when batch_norm is true") as caught:
        begun(service, **network, start=[fine, wrong])
    assert [error.pointer for error in caught.value.errors] == ["/start/1"]
