"""What a user does to searches and trials: create, change, enqueue, cancel, delete."""

from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from caviar.errors import (
    BudgetUsed,
    IdempotencyMismatch,
    InvalidRequest,
    InvalidSpec,
    NotFound,
    SearchEnded,
    TrialEnded,
)
from caviar.spec import EXAMPLE, SearchSpec
from caviar.states import SearchState, TrialState
from caviar.wire.searches import SearchChange
from service import searches as use
from service.changes import QUEUE, events
from service.context import Service
from service.planning import advance, preview
from service.storage.records import SearchRecord, TrialRecord
from tests.service.desk import Desk, SetClock, a_spec
from tests.service.test_queue import hears

LAYERS = {"low": 1, "high": 3, "type": "int"}
DIGITS = SearchSpec.model_validate(EXAMPLE)


def new(service: Service, **fields: Any) -> int:
    return use.create(service, a_spec(**fields), idempotency_key=None).id


def change(service: Service, search_id: int, **fields: Any) -> SearchRecord:
    return use.change(service, search_id, SearchChange(**fields))


def enqueue(service: Service, search_id: int, key: str | None = None, **hparams: Any) -> TrialRecord:
    return use.enqueue(service, search_id, hparams, idempotency_key=key)


def finish_all(service: Service, search_id: int, outcome: str = "completed") -> None:
    desk = Desk(service.database)
    while grants := desk.claim(search=search_id):
        desk.finish(grants[0], outcome, score=0.5)


def test_a_new_search_has_its_first_trials_when_it_is_answered(service: Service) -> None:
    search = use.create(service, DIGITS, idempotency_key=None)
    assert (search.state, search.counts[TrialState.QUEUED], search.next_round) == (SearchState.ACTIVE, 8, 2)
    assert str(search.dataset_hash).startswith("sha256:")
    assert {trial.stack != "" for trial in Desk(service.database).trials(search.id)} == {True}
    assert use.read(service, search.id) == search


def test_trials_that_can_be_trained_together_have_the_same_stack(service: Service) -> None:
    fixed = use.create(
        service,
        DIGITS.model_copy(update={"space": {**DIGITS.space, "batch_size": 64}}),
        idempotency_key=None,
    )
    stacks = {trial.stack for trial in Desk(service.database).trials(fixed.id)}
    mixed = {
        trial.stack for trial in Desk(service.database).trials(use.create(service, DIGITS, idempotency_key=None).id)
    }
    assert (len(stacks), len(mixed) > 1) == (1, True)


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("dataset", None, "/dataset"),
        ("dataset", "digit", "/dataset"),
        ("metric", "dev_acuracy", "/metric"),
        ("space", {"learning_rte": 0.1}, "/space/learning_rte"),
        ("space", {"learning_rate": {"low": -1.0, "high": 1.0}}, "/space/learning_rate"),
    ],
)
def test_a_spec_that_could_not_be_trained_is_refused_and_not_kept(
    service: Service, field: str, value: Any, pointer: str
) -> None:
    spec = SearchSpec.model_validate(EXAMPLE | {field: value})
    with pytest.raises(InvalidSpec) as caught:
        use.create(service, spec, idempotency_key="key")
    assert [error.pointer for error in caught.value.errors] == [pointer]
    with pytest.raises(InvalidSpec):
        use.dry_run(service, spec)
    with pytest.raises(NotFound):
        use.read(service, 1)


def test_the_same_key_gives_the_same_search_as_it_stands_now(service: Service) -> None:
    first = use.create(service, a_spec(), idempotency_key="key")
    finish_all(service, first.id)
    again = use.create(service, a_spec(), idempotency_key="key")
    assert (again.id, again.state) == (first.id, SearchState.COMPLETED)
    with pytest.raises(IdempotencyMismatch):
        use.create(service, a_spec(seed=1), idempotency_key="key")


def test_a_dry_run_shows_the_first_draws(service: Service) -> None:
    draws = use.dry_run(service, DIGITS)
    created = use.create(service, DIGITS, idempotency_key=None)
    assert draws == [trial.hyperparameters for trial in Desk(service.database).trials(created.id)][:5]
    assert draws == preview(DIGITS, count=5)
    assert len(use.dry_run(service, a_spec(trials=2))) == 2


def test_only_what_is_named_changes(service: Service) -> None:
    search_id = new(service, name="old", notes="kept", priority=3)
    changed = change(service, search_id, name="new")
    assert (changed.name, changed.notes, changed.priority) == ("new", "kept", 3)
    changed = change(service, search_id, notes="", priority=0)
    assert (changed.name, changed.notes, changed.priority) == ("new", "", 0)


def test_a_search_is_paused_resumed_and_cancelled(service: Service) -> None:
    search_id = new(service, trials=3)
    for state in (SearchState.PAUSED, SearchState.PAUSED, SearchState.ACTIVE, SearchState.CANCELLED):
        assert change(service, search_id, state=state).state is state
    assert use.read(service, search_id).counts[TrialState.CANCELLED] == 3


def test_asking_for_the_state_it_has_is_no_change_of_a_search_that_ended(service: Service) -> None:
    search_id = new(service)
    change(service, search_id, state="cancelled")
    ended = use.read(service, search_id).finished_at
    assert change(service, search_id, state="cancelled", name="still mine").finished_at == ended
    for state in ("active", "paused"):
        with pytest.raises(SearchEnded, match=f"already cancelled; its state cannot become {state}"):
            change(service, search_id, state=state)


def test_a_change_is_made_whole_or_not_at_all(service: Service) -> None:
    search_id = new(service, name="old", trials=5, parallel=4)
    with pytest.raises(InvalidRequest, match="4 trials already exist"):
        change(service, search_id, name="new", state="paused", trials=3)
    search = use.read(service, search_id)
    assert (search.name, search.state, search.budget) == ("old", SearchState.ACTIVE, 5)


def test_a_larger_budget_lets_a_completed_search_go_on_at_once(service: Service) -> None:
    search_id = new(service, trials=2)
    finish_all(service, search_id)
    extended = change(service, search_id, trials=5)
    assert (extended.state, extended.finished_at, extended.counts[TrialState.QUEUED]) == (SearchState.ACTIVE, None, 3)
    finish_all(service, search_id)
    assert use.read(service, search_id).state is SearchState.COMPLETED


def test_a_completed_search_is_extended_and_paused_at_once(service: Service) -> None:
    search_id = new(service, trials=2, parallel=2)
    finish_all(service, search_id)
    paused = change(service, search_id, trials=4, state="paused")
    assert (paused.state, paused.budget) == (SearchState.PAUSED, 4)


def test_a_search_of_a_small_space_that_is_extended_past_it_runs_what_it_has_not_run(service: Service) -> None:
    space = {"n": {"low": 1, "high": 12, "type": "int"}}
    search_id = new(service, trials=8, parallel=1, space=space, sampler={"name": "zoom", "confirm": 0})
    desk = Desk(service.database)
    for budget in (8, 14):
        change(service, search_id, trials=budget)
        while grants := desk.claim(search=search_id):
            for grant in grants:
                desk.finish(grant, score=float(grant.trial.hyperparameters["n"]))
            advance(service.database, search_id, now=service.now())
    numbers = [trial.hyperparameters["n"] for trial in desk.trials(search_id)]
    assert (len(numbers), len(set(numbers))) == (14, 12)


def test_the_same_budget_again_leaves_a_completed_search_complete(service: Service) -> None:
    search_id = new(service, trials=2)
    finish_all(service, search_id)
    assert change(service, search_id, trials=2).state is SearchState.COMPLETED


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_a_search_that_failed_or_was_cancelled_is_not_extended(service: Service, end: str) -> None:
    search_id = new(service, trials=2)
    if end == "failed":
        finish_all(service, search_id, "failed")
    else:
        change(service, search_id, state="cancelled")
    with pytest.raises(SearchEnded, match="submit its spec again"):
        change(service, search_id, trials=9)


@pytest.mark.parametrize("end", [{"target": 0.5}, {"max_seconds": 60}])
def test_a_search_that_reached_its_target_or_its_time_is_not_extended(
    service: Service, clock: SetClock, end: dict[str, float]
) -> None:
    search_id = new(service, trials=2, **end)
    finish_all(service, search_id)
    clock.wait(60)
    assert use.read(service, search_id).state is SearchState.COMPLETED
    with pytest.raises(SearchEnded, match="reached its target or its max_seconds"):
        change(service, search_id, trials=9)


def test_a_budget_cut_to_what_exists_ends_the_search_with_its_last_trial(service: Service) -> None:
    search_id = new(service, trials=9, parallel=2)
    change(service, search_id, trials=2)
    finish_all(service, search_id)
    search = use.read(service, search_id)
    assert (search.state, search.next_number) == (SearchState.COMPLETED, 2)


def test_an_enqueued_trial_must_fit_the_space(service: Service) -> None:
    space = {"x": {"low": 0.0, "high": 1.0}, "kind": {"values": [1, 2]}, "epochs": 20}
    search_id = new(service, space=space, trials=9, parallel=2)
    trial = enqueue(service, search_id, x=0, kind=2.0)
    assert trial.hyperparameters == {"x": 0.0, "kind": 2, "epochs": 20}
    for wrong, pointer in (
        ({"kind": 1}, "x"),
        ({"x": 2.0, "kind": 1}, "x"),
        ({"x": 0.5, "kind": 3}, "kind"),
        ({"x": 0.5, "kind": 1, "epochs": 21}, "epochs"),
        ({"x": 0.5, "kind": 1, "y": 0}, "y"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            enqueue(service, search_id, **wrong)
        assert [error.pointer for error in caught.value.errors] == [f"/hyperparameters/{pointer}"]


def test_an_enqueued_trial_of_the_built_in_trainer_must_be_trainable(service: Service) -> None:
    spec = SearchSpec.model_validate(EXAMPLE | {"space": {"layers": LAYERS, "epochs": 1}, "sampler": "random"})
    search_id = use.create(service, spec, idempotency_key=None).id
    assert enqueue(service, search_id, layers=2).stack != ""


def test_an_enqueued_trial_wakes_those_who_wait_for_trials_and_for_events(
    service: Service, portal: BlockingPortal
) -> None:
    search_id = new(service, trials=9, parallel=1)
    for topic in (QUEUE, events(search_id)):
        assert hears(service, portal, topic, lambda: enqueue(service, search_id, x=0.5))


def test_an_enqueued_trial_with_a_key_is_enqueued_once(service: Service) -> None:
    search_id = new(service, trials=9, parallel=2)
    first, again = (enqueue(service, search_id, key="key", x=0.5) for _ in range(2))
    assert (first.id, first.number) == (again.id, 2)
    with pytest.raises(IdempotencyMismatch):
        enqueue(service, search_id, key="key", x=0.25)


def test_a_key_is_answered_even_after_the_budget_is_used_or_the_search_ended(service: Service) -> None:
    search_id = new(service, trials=3, parallel=2)
    first = enqueue(service, search_id, key="key", x=0.5)
    finish_all(service, search_id)
    assert enqueue(service, search_id, key="key", x=0.5).id == first.id


def test_nothing_is_enqueued_beyond_the_budget_or_after_the_end(service: Service) -> None:
    search_id = new(service, trials=2)
    with pytest.raises(BudgetUsed, match="all 2 trials"):
        enqueue(service, search_id, x=0.5)
    finish_all(service, search_id)
    with pytest.raises(SearchEnded, match="already completed"):
        enqueue(service, search_id, x=0.5)


def test_an_enqueued_trial_is_claimed_in_its_turn(service: Service) -> None:
    search_id = new(service, trials=9, parallel=2)
    own = enqueue(service, search_id, x=0.5)
    grants = Desk(service.database).claim(capacity=9)
    assert [grant.trial.number for grant in grants] == [0, 1]
    Desk(service.database).finish(grants[0], score=0.5)
    assert Desk(service.database).claim_one().trial.id == own.id


def test_a_cancelled_trial_makes_room_for_the_next(service: Service) -> None:
    search_id = new(service, trials=9, parallel=2)
    trial = Desk(service.database).trial(search_id)
    use.cancel_trial(service, trial.id)
    search = use.read(service, search_id)
    assert (search.counts[TrialState.CANCELLED], search.counts[TrialState.QUEUED], search.next_number) == (1, 2, 3)
    with pytest.raises(TrialEnded, match="already cancelled"):
        use.cancel_trial(service, trial.id)
    with pytest.raises(NotFound):
        use.cancel_trial(service, 999_999)


def test_cancelling_the_last_trial_ends_the_search(service: Service) -> None:
    search_id = new(service, trials=1)
    use.cancel_trial(service, Desk(service.database).trial(search_id).id)
    assert use.read(service, search_id).state is SearchState.COMPLETED


def test_the_key_of_a_deleted_search_creates_anew(service: Service) -> None:
    first = use.create(service, a_spec(), idempotency_key="key")
    use.delete(service, first.id)
    assert use.create(service, a_spec(), idempotency_key="key").id != first.id


def test_a_deleted_search_is_gone(service: Service) -> None:
    search_id = new(service, trials=3)
    use.delete(service, search_id)
    for act in (use.read, use.delete):
        with pytest.raises(NotFound):
            act(service, search_id)
    with pytest.raises(NotFound):
        change(service, search_id, name="gone")
    with pytest.raises(NotFound):
        enqueue(service, search_id, x=0.5)


@pytest.mark.parametrize("sampler", ["grid", "zoom"])
def test_a_search_that_has_run_every_point_of_its_space_is_not_extended(service: Service, sampler: str) -> None:
    search_id = new(service, sampler=sampler, space={"x": {"values": [1, 2, 3]}}, trials=9, parallel=9)
    finish_all(service, search_id)
    ended = use.read(service, search_id)
    assert (ended.state, ended.budget) == (SearchState.COMPLETED, 3)
    with pytest.raises(SearchEnded, match="has run all 3 points of its space"):
        change(service, search_id, trials=20)
    assert use.read(service, search_id).state is SearchState.COMPLETED
