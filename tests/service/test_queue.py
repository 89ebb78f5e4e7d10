"""The worker protocol's verbs as the server carries them out: stored, then planned, then announced."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa
from anyio.from_thread import BlockingPortal

from caviar.errors import NotFound
from caviar.states import SearchState, TrialState
from caviar.wire.protocol import Malformed
from caviar.wire.searches import SearchChange
from service import queue
from service.changes import QUEUE, Topic, ranking
from service.context import Service
from service.searches import change, create, enqueue, read
from service.storage import leases, tables, trials, workers
from service.storage.claims import Grant
from service.storage.records import TrialRecord
from tests.service import verbs
from tests.service.desk import TTL, Desk, SetClock, a_claim, a_key, a_report, a_spec, an_outcome

SILENCE = 0.1
"""Seconds after which nothing was announced."""


def new(service: Service, **fields: object) -> int:
    return create(service, a_spec(**fields), idempotency_key=None).id


def claim(service: Service, *, capacity: int = 1, search: int | None = None) -> list[Grant]:
    return verbs.claim(service, a_claim(capacity=capacity), search_id=search)


def of(service: Service, search_id: int) -> list[TrialRecord]:
    with service.database.read() as tx:
        return trials.page(tx, search_id, state=None, limit=1000, after=None)


def hears(
    service: Service, portal: BlockingPortal, topic: Topic, act: Callable[[], object], *, within: float = 20.0
) -> bool:
    """Whether somebody who waits for the topic looks again after the act, within so many seconds."""

    async def wait() -> bool:
        first, again = asyncio.Event(), asyncio.Event()

        async def look() -> None:
            (again if first.is_set() else first).set()

        async def is_gone() -> bool:
            return again.is_set()

        waiting = asyncio.ensure_future(service.changes.until(topic, look, seconds=60, is_gone=is_gone))
        await first.wait()
        await asyncio.to_thread(act)
        with suppress(TimeoutError):
            await asyncio.wait_for(again.wait(), within)
        waiting.cancel()
        return again.is_set()

    return portal.call(wait)


def test_a_claim_gives_trials_with_leases_of_the_settings_length(service: Service) -> None:
    new(service, trials=2)
    (grant,) = claim(service)
    assert Desk(service.database).expiry(grant) == service.now() + service.lease_ttl
    assert service.lease_ttl == timedelta(seconds=30)


def test_a_claim_for_a_search_that_is_not_there_says_so_and_keeps_no_key(service: Service) -> None:
    key = a_key()
    with pytest.raises(NotFound):
        verbs.claim(service, a_claim(key=key), search_id=7)
    new(service)
    assert len(verbs.claim(service, a_claim(key=key), search_id=None)) == 1


def test_there_is_work_where_a_claim_would_give_some(service: Service) -> None:
    assert not verbs.has_work(service, a_claim(), search_id=None)
    search_id = new(service)
    assert verbs.has_work(service, a_claim(), search_id=search_id)
    assert not verbs.has_work(service, a_claim(), search_id=search_id + 1)


def test_the_finish_of_a_round_creates_the_next_one_before_it_is_answered(service: Service) -> None:
    search_id = new(service, sampler="zoom", trials=30, parallel=2)
    first, _ = claim(service, capacity=2)
    assert len(of(service, search_id)) == 2
    verbs.finish(service, [an_outcome(first, score=0.5)])
    assert len(of(service, search_id)) == 3


def test_a_finish_fills_every_place_although_the_newest_round_has_fewer_trials_left(service: Service) -> None:
    """What was enqueued took numbers of the first round, so its last trials are drawn only after the budget grew."""
    search_id = new(service, trials=6, parallel=3)
    for _ in range(2):
        enqueue(service, search_id, {"x": 0.5}, idempotency_key=None)
    for grant in claim(service, capacity=3):
        verbs.finish(service, [an_outcome(grant, score=0.5)])
    assert (read(service, search_id).next_number, read(service, search_id).round_left) == (6, 2)
    change(service, search_id, SearchChange(trials=20))
    verbs.finish(service, [an_outcome(grant, score=0.5) for grant in claim(service, capacity=3)])
    assert read(service, search_id).counts[TrialState.QUEUED] == 3


@pytest.mark.parametrize("outcome", ["completed", "failed", "returned"])
def test_a_finish_wakes_those_who_wait_for_trials_and_for_the_leaderboard(
    service: Service, portal: BlockingPortal, outcome: str
) -> None:
    search_id = new(service, trials=4, parallel=4)
    first, second = claim(service, capacity=2)
    assert hears(service, portal, QUEUE, lambda: verbs.finish(service, [an_outcome(first, outcome, score=0.5)]))
    assert hears(
        service, portal, ranking(search_id), lambda: verbs.finish(service, [an_outcome(second, outcome, score=0.5)])
    )


def test_a_report_wakes_nobody(service: Service, portal: BlockingPortal) -> None:
    search_id = new(service)
    (grant,) = claim(service)
    said = [a_report(grant, 1, score=1)]
    assert not hears(service, portal, ranking(search_id), lambda: verbs.report(service, said), within=SILENCE)


def test_items_that_are_no_items_are_answered_and_harm_nothing(service: Service) -> None:
    broken = Malformed(trial="\u2603", detail="is no report")
    assert [answer.code for answer in verbs.report(service, [broken])] == ["invalid_item"]
    assert [answer.code for answer in verbs.finish(service, [broken])] == ["invalid_item"]
    assert verbs.finish(service, []) == []


def test_a_turn_of_the_server_gives_lost_trials_back_and_says_so(
    service: Service, clock: SetClock, portal: BlockingPortal
) -> None:
    search_id = new(service)
    claim(service)
    clock.wait(TTL.total_seconds() + 1)
    assert hears(service, portal, QUEUE, lambda: queue.sweep(service))
    assert [trial.state for trial in of(service, search_id)] == [TrialState.QUEUED]
    assert not hears(service, portal, QUEUE, lambda: queue.sweep(service), within=SILENCE)


def test_a_turn_of_the_server_ends_what_is_overdue(service: Service, clock: SetClock, portal: BlockingPortal) -> None:
    search_id = new(service, max_seconds=60, trials=9)
    clock.wait(60)
    assert hears(service, portal, ranking(search_id), lambda: queue.sweep(service))
    assert read(service, search_id).state is SearchState.COMPLETED


def test_a_turn_of_the_server_plans_what_a_server_that_died_left_unplanned(service: Service) -> None:
    desk = Desk(service.database)
    search_id = desk.search(queued=0, trials=9, parallel=4)
    queue.sweep(service)
    assert len(of(service, search_id)) == 4


def test_a_search_that_cannot_be_planned_holds_up_no_other(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(service.database)
    broken, whole = (desk.search(queued=0, trials=9, parallel=4) for _ in range(2))
    with service.database.write() as tx:
        spec = {"metric": "score"}
        tx.execute(sa.update(tables.spec).where(tables.spec.c.search_id == broken).values(document=spec))
    queue.sweep(service)
    assert (len(of(service, broken)), len(of(service, whole))) == (0, 4)
    assert f"search {broken} could not be planned" in caplog.text


def test_losses_that_fail_a_trial_let_the_search_go_on(service: Service, clock: SetClock) -> None:
    search_id = new(service, sampler="zoom", trials=9, parallel=1)
    for _ in range(leases.MAX_LOST + 1):
        assert len(claim(service)) == 1
        clock.wait(TTL.total_seconds() + 1)
        queue.sweep(service)
        clock.wait(100)
    assert [trial.state for trial in of(service, search_id)] == [TrialState.FAILED, TrialState.QUEUED]


def test_a_turn_of_the_server_forgets_what_nobody_asks_for_any_more(service: Service, clock: SetClock) -> None:
    first = create(service, a_spec(trials=3), idempotency_key="key")
    old = a_claim("gone", key=a_key())
    (grant,) = verbs.claim(service, old, search_id=None)
    verbs.finish(service, [an_outcome(grant, score=0.5)])
    clock.wait(queue.KEEP.total_seconds() + 1)
    queue.sweep(service)
    assert verbs.claim(service, old, search_id=None) == []  # a used claim key never gives anything new
    with service.database.read() as tx:
        assert [worker.name for worker in workers.page(tx, limit=9, after=None)] == ["gone"]
    assert create(service, a_spec(trials=3), idempotency_key="key").id != first.id


def test_the_searches_of_a_finish_are_planned_each_once(service: Service) -> None:
    ids = [new(service, sampler="zoom", trials=9, parallel=2) for _ in range(2)]
    grants = [grant for search_id in ids for grant in claim(service, capacity=2, search=search_id)]
    answers = verbs.finish(service, [an_outcome(grant, score=0.5) for grant in grants])
    assert [answer.status for answer in answers] == ["ok"] * 4
    assert [len(of(service, search_id)) for search_id in ids] == [4, 4]
