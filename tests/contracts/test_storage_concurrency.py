"""Many at once: threads stand for the requests of one server, further Database objects for further servers."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Barrier
from typing import TypeVar

import pytest
import sqlalchemy as sa

from caviar.states import SearchState, TrialState
from service.storage import reports, tables
from service.storage.claims import Grant
from service.storage.database import Database
from service.storage.prepared import settle
from service.storage.rounds import Step
from tests.service.audit import audit
from tests.service.desk import TTL, Desk, a_key, a_report, an_outcome, drafts

CROWD = 8
Answer = TypeVar("Answer")


def together(*calls: Callable[[], Answer]) -> list[Answer]:
    """All calls at the same moment, each in a thread; their answers in order. Raises what the first of them raised."""
    start = Barrier(len(calls))

    def go(call: Callable[[], Answer]) -> Answer:
        start.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(go, calls))


@contextmanager
def another_server(desk: Desk) -> Iterator[Desk]:
    with closing(Database(desk.database.url.render_as_string(hide_password=False))) as database:
        yield Desk(database)


def test_no_trial_is_given_twice_and_parallel_is_never_exceeded(desk: Desk) -> None:
    search_id = desk.search(queued=60, parallel=9)
    attempts: Counter[tuple[int, int]] = Counter()
    most = 0

    def turn(name: str) -> Callable[[], list[Grant]]:
        return lambda: desk.claim(name, capacity=4)

    while desk.read(search_id).state is SearchState.ACTIVE:
        grants = [grant for given in together(*(turn(f"w{i}") for i in range(CROWD))) for grant in given]
        attempts.update((grant.trial.number, grant.trial.attempt) for grant in grants)
        most = max(most, desk.read(search_id).counts[TrialState.RUNNING])
        desk.finishes(*(an_outcome(grant, score=grant.trial.number) for grant in grants))
    assert attempts == Counter({(number, 1): 1 for number in range(60)})
    assert most == 9


def test_of_many_that_want_the_last_trial_one_gets_it(desk: Desk) -> None:
    for _ in range(5):
        desk.search()
        given = together(*((lambda name=f"w{i}": desk.claim(name)) for i in range(CROWD)))
        assert sorted(len(grants) for grants in given) == [0] * (CROWD - 1) + [1]
        desk.finish(next(grant for grants in given for grant in grants), score=0.5)


def test_one_claim_sent_many_times_at_once_is_one_claim(desk: Desk) -> None:
    search_id = desk.search(queued=20)
    key = a_key()
    given = together(*[lambda: desk.claim(capacity=3, key=key)] * CROWD)
    assert len({tuple(grant.token for grant in grants) for grants in given}) == 1
    assert desk.read(search_id).counts[TrialState.RUNNING] == 3


def test_of_many_equal_finishes_at_once_one_counts(desk: Desk) -> None:
    search_id = desk.search(queued=2)
    grant = desk.claim_one()
    answers = together(*[lambda: desk.finish(grant, score=0.5)] * CROWD)
    assert [answer.status for answer in answers] == ["ok"] * CROWD
    assert (desk.read(search_id).ranking, desk.read(search_id).counts[TrialState.COMPLETED]) == (1, 1)


def test_of_different_finishes_at_once_exactly_one_wins(desk: Desk) -> None:
    search_id = desk.search(queued=2)
    grant = desk.claim_one()
    answers = together(*((lambda value=i: desk.finish(grant, score=value)) for i in range(CROWD)))
    winner = [i for i, answer in enumerate(answers) if answer.status == "ok"]
    assert [answer.code for answer in answers].count("finish_conflict") == CROWD - 1
    assert [desk.trial(search_id).value] == winner


def test_a_sweep_against_a_heartbeat_leaves_the_holder(desk: Desk) -> None:
    """Whichever comes first: what the sweep took, and nobody has claimed since, the heartbeat takes back."""
    search_id = desk.search(queued=10)
    grants = desk.claim(capacity=10)
    desk.wait(TTL.total_seconds() + 1)

    def report() -> list[str]:
        return [answer.status for answer in desk.reports(*map(a_report, grants))]

    _, answered = together(desk.sweep, report)
    assert answered == ["ok"] * 10
    assert desk.states(search_id) == [TrialState.RUNNING] * 10
    assert {desk.trial(search_id, number).attempt for number in range(10)} == {1}


def test_a_lease_that_is_being_renewed_is_not_swept(postgres_store_url: str) -> None:
    """The sweep must not wait for the row of an expired lease only to delete it then. (SQLite has one writer.)"""
    with closing(Database(postgres_store_url)) as database:
        desk = Desk(database)
        desk.search()
        grant = desk.claim_one()
        desk.wait(TTL.total_seconds() + 1)
        with database.write() as tx:
            reports.report(tx, [a_report(grant)], ttl=TTL, now=desk.now)
            settle(tx)
            assert desk.sweep() == []
        assert desk.finish(grant, score=0.5).status == "ok"
        audit(database)


def test_a_lease_renewed_while_the_sweep_waited_for_its_search_is_kept(postgres_store_url: str) -> None:
    """The sweep has seen the lease run out, and must look again under the lock. (SQLite lets no two writers begin.)"""
    with closing(Database(postgres_store_url)) as database, ThreadPoolExecutor(1) as pool:
        desk = Desk(database)
        desk.search()
        grant = desk.claim_one()
        desk.wait(TTL.total_seconds() + 1)
        with database.write() as tx:
            reports.report(tx, [a_report(grant, 1, score=0.5)], ttl=TTL, now=desk.now)
            sweep = pool.submit(desk.sweep)
            while not is_someone_waiting(database):
                assert not sweep.done()
        assert sweep.result() == []
        assert desk.finish(grant, score=0.5).status == "ok"
        audit(database)


def is_someone_waiting(database: Database) -> bool:
    with database.read() as tx:
        return bool(tx.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar())


def test_the_same_step_planned_by_many_servers_is_stored_once(desk: Desk) -> None:
    search_id = desk.search(queued=0, trials=40)
    for turn in range(5):
        first, round_ = turn * 2, desk.read(search_id).next_round
        step = Step(first, round_, None, drafts(["", ""], first=first), round_left=0)
        assert sorted(together(*[lambda step=step: desk.take(search_id, step)] * 4)) == [False, False, False, True]
    assert len(desk.trials(search_id)) == 10


def test_claims_reports_and_finishes_of_two_servers_never_deadlock(desk: Desk) -> None:
    """Each worker says everything at once, in requests that touch the same two searches."""
    searches = [desk.search(queued=30) for _ in range(2)]

    def speak(at: Desk, name: str, search_id: int) -> None:
        key = a_key()
        grants = [*at.claim(name, capacity=2, search=search_id, key=key), *at.claim(name)]
        calls: list[Callable[[], object]] = [
            lambda: at.claim(name, capacity=2, search=search_id, key=key),
            lambda: at.reports(*map(a_report, reversed(grants))),
            lambda: at.claim(name),
            lambda: at.finishes(*(an_outcome(grant, score=0.5) for grant in grants)),
        ]
        together(*calls)

    def turn(at: Desk, name: str) -> Callable[[], None]:
        def work() -> None:
            for search_id in searches:
                speak(at, name, search_id)

        return work

    with another_server(desk) as second:
        together(*(turn(at, name) for at in (desk, second) for name in ("ada", "bob")))


def test_locks_are_asked_for_where_there_are_rows_to_lock(desk: Desk) -> None:
    """SQLAlchemy leaves FOR UPDATE out on SQLite without a word: there a writer has the file for itself."""
    with desk.database.write() as tx:
        if tx.dialect.name == "postgresql":
            assert str(sa.select(tables.search).with_for_update().compile(dialect=tx.dialect)).endswith("FOR UPDATE")
            return
        other = sqlite3.connect(str(tx.engine.url.database), timeout=0)
        with closing(other), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
