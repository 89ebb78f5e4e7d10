"""A crash at any statement leaves all of a verb or nothing of it, and the same call again gives the right answer."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from caviar.states import SearchState
from service.planning import look, plan_step, refill
from service.storage import claims, leases, ledgers, outcomes, reports, rounds, searches, tables, trials
from service.storage.database import Database, Transaction
from tests.service.audit import audit
from tests.service.desk import START, TTL, Desk, a_claim, a_key, a_report, a_spec, an_outcome
from tests.service.storage.faults import Faults, PowerCut

Verb = Callable[[Transaction], Any]


@dataclass(frozen=True)
class Crashing:
    desk: Desk
    faults: Faults

    @property
    def database(self) -> Database:
        return self.desk.database


@pytest.fixture
def crashing(store_url: str) -> Iterator[Crashing]:
    faults = Faults()
    with closing(Database(store_url)) as database, faults.installed(database._writer, database._hot):
        yield Crashing(Desk(database), faults)
        audit(database)


def everything(database: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    with database.read() as tx:
        return {
            table.name: sorted(tx.execute(sa.select(table)).all(), key=str) for table in tables.metadata.sorted_tables
        }


def claiming(desk: Desk) -> Verb:
    desk.search(queued=5)
    request = a_claim(capacity=3)
    return lambda tx: [grant.token for grant in claims.claim(tx, request, search_id=None, ttl=TTL, now=desk.now)]


def claiming_again(desk: Desk) -> Verb:
    desk.search(queued=5)
    request = a_claim(capacity=3, key=a_key())
    desk.claim(capacity=3, key=request.claim_key)
    return lambda tx: [grant.token for grant in claims.claim(tx, request, search_id=None, ttl=TTL, now=desk.now)]


def reporting(desk: Desk) -> Verb:
    desk.search(queued=3)
    items = [a_report(grant, 1, score=0.5) for grant in desk.claim(capacity=3)]
    return lambda tx: reports.report(tx, items, ttl=TTL, now=desk.now)


def reporting_late(desk: Desk) -> Verb:
    desk.search(queued=3)
    grants = desk.claim(capacity=3)
    desk.lose(grants[0])
    return lambda tx: reports.report(tx, [a_report(grant, 1, score=0.5) for grant in grants], ttl=TTL, now=desk.now)


def finishing(desk: Desk) -> Verb:
    desk.search(queued=3, trials=9, parallel=3)
    first, second, third = desk.claim(capacity=3)
    desk.report(first, 4, score=0.25)
    said = [an_outcome(first), an_outcome(second, "failed", error="no"), an_outcome(third, "returned")]
    return lambda tx: outcomes.finish(tx, said, ttl=TTL, now=desk.now, refill=partial(refill, tx, now=desk.now))


def expiring(desk: Desk) -> Verb:
    desk.search(queued=3)
    desk.claim(capacity=3)
    desk.wait(TTL.total_seconds() + 1)
    return lambda tx: leases.expire(tx, now=desk.now)


def cancelling(desk: Desk) -> Verb:
    search_id = desk.search(queued=3)
    grant = desk.claim_one()

    def verb(tx: Transaction) -> None:
        ledger = ledgers.lock_one(tx, search_id)
        ledgers.cancel(tx, ledger, grant.trial.id, now=desk.now)
        ledgers.save(tx, ledger, now=desk.now)

    return verb


def ending(desk: Desk) -> Verb:
    search_id = desk.search(queued=3)
    desk.claim(capacity=2)

    def verb(tx: Transaction) -> None:
        ledger = ledgers.lock_one(tx, search_id)
        ledger.turn(SearchState.CANCELLED)
        ledgers.save(tx, ledger, now=desk.now)

    return verb


def creating(desk: Desk) -> Verb:
    desk.search()
    return lambda tx: searches.create(tx, a_spec(trials=4), dataset_hash=None, now=desk.now) > 0


def taking(desk: Desk) -> Verb:
    search_id = desk.search(queued=0, trials=9, parallel=4, sampler="zoom")
    view = look(desk.database, search_id, now=desk.now)
    assert view is not None
    step = plan_step(view)
    return lambda tx: rounds.take(tx, search_id, step, now=desk.now)


VERBS = [claiming, claiming_again, reporting, reporting_late, finishing, expiring, cancelling, ending, creating, taking]


@pytest.mark.parametrize("prepare", VERBS)
def test_a_crash_at_any_statement_leaves_nothing(crashing: Crashing, prepare: Callable[[Desk], Verb]) -> None:
    verb = prepare(crashing.desk)
    before = everything(crashing.database)
    at = 0
    while True:
        crashing.faults.arm(at + 1)
        try:
            answer = crashing.database.run(verb)
            break
        except PowerCut:
            at += 1
        assert everything(crashing.database) == before
    crashing.faults.arm(0)
    assert at >= 3
    assert answer or prepare in (cancelling, ending)
    after = everything(crashing.database)
    assert (after != before) or prepare is claiming_again
    audit(crashing.database)


@pytest.mark.parametrize("prepare", [claiming, reporting, finishing])
def test_what_a_worker_repeats_after_a_crash_is_done_once(crashing: Crashing, prepare: Callable[[Desk], Verb]) -> None:
    """The commit stood and its answer was lost: the same call again changes nothing more, and answers the same."""
    verb = prepare(crashing.desk)
    first = crashing.database.run(verb)
    counted = {name: len(rows) for name, rows in everything(crashing.database).items()}
    again = crashing.database.run(verb)
    assert getattr(again, "results", again) == getattr(first, "results", first)
    assert {name: len(rows) for name, rows in everything(crashing.database).items()} == counted


@pytest.fixture
def group(sqlite_store_url: str) -> Iterator[Crashing]:
    faults = Faults()
    with closing(Database(sqlite_store_url)) as database, faults.installed(database._writer, database._hot):
        yield Crashing(Desk(database), faults)
        audit(database)


def test_of_a_group_that_is_hit_exactly_those_who_were_answered_are_there(group: Crashing) -> None:
    """Wherever it is hit: in a piece of work, between two, at a savepoint or at the commit."""
    at, fates = 0, set()
    while True:
        names = [f"{at} {piece}" for piece in range(3)]
        futures = _together(group, [partial(_create, name=name) for name in names], at=at + 1)
        answered = {name for name, future in zip(names, futures, strict=True) if future.exception() is None}
        assert {type(future.exception()) for future in futures} <= {type(None), PowerCut}
        with group.database.read() as tx:
            there = {search.name for search in searches.page(tx, limit=1000, before=None)}
        assert there & set(names) == answered
        fates.add(len(answered))
        if group.faults.asked < group.faults.at:
            break
        at += 1
    assert fates == {0, 2, 3}
    assert at > 3 * 3


def _create(tx: Transaction, *, name: str) -> int:
    return searches.create(tx, a_spec(name=name), dataset_hash=None, now=START)


def _together(group: Crashing, work: list[Verb], *, at: int) -> list["Future[Any]"]:
    """Submitted while the writer is busy, so that they are one commit; the faults count from where it begins."""
    is_busy, go_on = threading.Event(), threading.Event()

    def wait(_tx: Transaction) -> None:
        is_busy.set()
        go_on.wait(20)

    busy = group.database.submit(wait)
    assert is_busy.wait(20)
    first = group.database.submit(lambda _tx: group.faults.arm(at))
    futures = [group.database.submit(piece) for piece in work]
    go_on.set()
    busy.result(20)
    first.exception(20)
    for future in futures:
        future.exception(20)
    return futures


def test_trials_of_a_search_that_was_deleted_halfway_are_all_there(crashing: Crashing) -> None:
    desk = crashing.desk
    search_id = desk.search(queued=3)
    grants = desk.claim(capacity=3)
    desk.reports(*(a_report(grant, 1, score=0.5) for grant in grants))
    before = everything(crashing.database)
    for at in (1, 2):
        crashing.faults.arm(at)
        with pytest.raises(PowerCut):
            crashing.database.run(partial(searches.delete, search_id=search_id))
        assert everything(crashing.database) == before
    crashing.faults.arm(0)
    with crashing.database.read() as tx:
        assert len(trials.page(tx, search_id, state=None, limit=9, after=None)) == 3
