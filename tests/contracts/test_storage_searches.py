"""Searches: create, read, page, edit, delete."""

from datetime import timedelta

import pytest

from caviar.errors import NotFound
from caviar.states import SearchState, TrialState
from service.storage import ledgers, searches, trials
from tests.service.desk import START, Desk, a_spec


def test_a_new_search_is_read_as_it_was_created(desk: Desk) -> None:
    spec = a_spec(name="Störe λ", notes="two\nlines", priority=7, trials=9, parallel=3, max_seconds=60, target=0.25)
    with desk.database.write() as tx:
        search_id = searches.create(tx, spec, dataset_hash="sha256:00", now=desk.now)
    found = desk.read(search_id)
    assert (found.name, found.notes, found.priority) == ("Störe λ", "two\nlines", 7)
    assert (found.trainer, found.dataset_name, found.dataset_hash) == ("toy", None, "sha256:00")
    assert (found.state, found.budget, found.parallel) == (SearchState.ACTIVE, 9, 3)
    assert found.counts == dict.fromkeys(TrialState, 0)
    assert (found.next_number, found.next_round, found.round_left, found.ranking) == (0, 0, 0, 0)
    assert (found.best_trial, found.best_score, found.finished_at) == (None, None, None)
    assert (found.created_at, found.deadline_at) == (START, START + timedelta(seconds=60))
    assert (found.metric, found.goal, found.is_open) == ("score", "minimize", True)


def test_a_spec_comes_back_with_its_keys_in_the_users_order(desk: Desk) -> None:
    spec = a_spec(
        space={"zeta": {"values": ["b", "a", None, True, 1.5, [1, 2]]}, "alpha": 1, "mid": {"low": 0, "high": 1}}
    )
    found = desk.read(desk.search(space=spec.document()["space"]))
    assert list(found.spec["space"]) == ["zeta", "alpha", "mid"]
    assert found.spec["space"] == spec.document()["space"]


def test_a_moment_keeps_its_microseconds(desk: Desk) -> None:
    desk.now += timedelta(microseconds=123_457)
    assert desk.read(desk.search()).created_at == START + timedelta(microseconds=123_457)


def test_searches_are_paged_newest_first(desk: Desk) -> None:
    ids = [desk.search() for _ in range(5)]
    with desk.database.read() as tx:
        first = searches.page(tx, limit=2, before=None)
        second = searches.page(tx, limit=2, before=first[-1].id)
        last = searches.page(tx, limit=2, before=second[-1].id)
    assert [search.id for search in (*first, *second, *last)] == ids[::-1]


def test_open_searches_are_the_active_and_the_paused(desk: Desk) -> None:
    active, paused, cancelled = desk.search(), desk.search(), desk.search()
    desk.change(paused, state=SearchState.PAUSED)
    desk.change(cancelled, state=SearchState.CANCELLED)
    with desk.database.read() as tx:
        assert searches.open_ids(tx) == [active, paused]


def test_an_edit_changes_its_columns_and_the_change_counter_alone(desk: Desk) -> None:
    search_id = desk.search()
    before = desk.read(search_id)
    with desk.database.write() as tx:
        searches.edit(tx, search_id, name="new", priority=-5)
    after = desk.read(search_id)
    assert (after.name, after.priority, after.notes) == ("new", -5, before.notes)
    assert (after.changes, after.ranking, after.counts) == (before.changes + 1, before.ranking, before.counts)


def test_deleting_a_search_leaves_nothing_of_it_and_touches_no_other(desk: Desk) -> None:
    gone, kept = desk.search(queued=3), desk.search(queued=2)
    running, done = desk.claim(capacity=2, search=gone)
    desk.report(running, 1, score=0.5)
    desk.finish(done, score=0.1)
    with desk.database.write() as tx:
        searches.delete(tx, gone)
    with desk.database.read() as tx:
        assert searches.find(tx, gone) is None
        assert trials.find(tx, running.trial.id) is None
    assert desk.states(kept) == [TrialState.QUEUED] * 2


def test_a_worker_of_a_deleted_search_has_lost_its_trial(desk: Desk) -> None:
    search_id = desk.search()
    grant = desk.claim_one()
    with desk.database.write() as tx:
        searches.delete(tx, search_id)
    assert desk.report(grant, 1, score=0.5).status == "lost"
    assert desk.finish(grant, score=0.5).status == "lost"


def test_the_id_of_a_deleted_search_is_not_given_again(desk: Desk) -> None:
    gone = desk.search()
    trial = desk.trial(gone).id
    with desk.database.write() as tx:
        searches.delete(tx, gone)
    again = desk.search()
    assert again > gone
    assert desk.trial(again).id > trial


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    search_id = desk.search()
    with desk.database.write() as tx:
        for ask in (searches.get, searches.delete, ledgers.lock_one, trials.get):
            with pytest.raises(NotFound, match="999999999"):
                ask(tx, 999_999_999)
        assert ledgers.lock(tx, [999_999_999, search_id, 999_999_998]).keys() == {search_id}
        assert ledgers.lock(tx, []) == {}


def test_searches_are_locked_in_the_order_of_their_ids(desk: Desk) -> None:
    ids = [desk.search() for _ in range(3)]
    with desk.database.write() as tx:
        assert list(ledgers.lock(tx, reversed(ids))) == ids
