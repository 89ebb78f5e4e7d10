"""Races that a queue must not lose: for the last place, between cancel and finish, and between searches of any size."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy as sa

from caviar.errors import TrialEnded
from caviar.states import TrialState
from service.storage import claims, ledgers
from service.storage.claims import Grant
from service.storage.database import Database
from service.storage.prepared import Prepared
from tests.contracts.test_storage_concurrency import together
from tests.service.desk import TTL, Desk, a_claim

CLAIMERS = 64


def claim_the_last_place(desk: Desk, *, rounds: int) -> None:
    """Of three trials two may run at once, and one runs: each claimer could take either of the others."""
    for _ in range(rounds):
        search_id = desk.search(queued=3, parallel=2)
        running = desk.claim_one("first")
        given = together(*((lambda name=f"w{i}": desk.claim(name)) for i in range(CLAIMERS)))
        assert Counter(map(len, given)) == {0: CLAIMERS - 1, 1: 1}
        assert desk.read(search_id).counts[TrialState.RUNNING] == 2
        (winner,) = (grant for grants in given for grant in grants)
        assert {winner.trial.id, running.trial.id} < {trial.id for trial in desk.trials(search_id)}
        desk.cancel(desk.trial(search_id, 2).id)
        assert [desk.finish(grant, score=0.5).status for grant in (running, winner)] == ["ok", "ok"]


def test_of_many_claimers_one_gets_the_last_place(desk: Desk) -> None:
    claim_the_last_place(desk, rounds=2)


@pytest.mark.long
def test_of_many_claimers_one_gets_the_last_place_every_time(desk: Desk) -> None:
    claim_the_last_place(desk, rounds=40)


def cancel_against_finish(desk: Desk, *, rounds: int) -> Counter[TrialState]:
    """Who comes first decides, and both are told so; returns how often which of them did."""
    search_id = desk.search(queued=rounds)
    ends: Counter[TrialState] = Counter()
    for number in range(rounds):
        grant = desk.claim_one()

        def cancel(trial: int = grant.trial.id) -> str:
            try:
                desk.cancel(trial)
            except TrialEnded:
                return "too late"
            return "cancelled"

        def finish(grant: Grant = grant) -> str:
            return desk.finish(grant, score=0.5).status

        # Whose thread is begun first is nearly always first: each of them in turn.
        calls: dict[str, Callable[[], str]] = {"cancel": cancel, "finish": finish}
        names = sorted(calls, reverse=number % 2 == 0)
        told = dict(zip(names, together(*(calls[name] for name in names)), strict=True))
        end = desk.trial(search_id, number).state
        expected = {
            TrialState.CANCELLED: {"cancel": "cancelled", "finish": "stop"},
            TrialState.COMPLETED: {"cancel": "too late", "finish": "ok"},
        }
        assert told == expected[end]
        ends[end] += 1
    counts = desk.read(search_id).counts
    assert {state: counts[state] for state in ends} == ends
    return ends


def test_of_cancel_and_finish_one_wins_and_both_learn_it(desk: Desk) -> None:
    assert cancel_against_finish(desk, rounds=50).total() == 50


@pytest.mark.long
def test_of_cancel_and_finish_each_wins_some_of_a_thousand_times(desk: Desk) -> None:
    ends = cancel_against_finish(desk, rounds=1000)
    assert (ends.total(), len(ends)) == (1000, 2)


def test_searches_of_any_size_share_the_workers_evenly(desk: Desk) -> None:
    """Ten times as many trials are queued in one: while both have work, neither gets more than its half."""
    large, small = desk.search(queued=300, parallel=300), desk.search(queued=30, parallel=30)
    running: list[Grant] = []
    served: Counter[int] = Counter()
    for turn in range(60):
        for worker in range(8 - len(running)):
            grant = desk.claim_one(f"w{worker}")
            served[grant.search.id] += 1
            running.append(grant)
        # The oldest three end, whosesoever they are.
        for grant in running[:3]:
            desk.finish(grant, score=float(turn))
        running = running[3:]
        desk.wait(1)
        if desk.read(small).counts[TrialState.QUEUED] == 0:
            break
    share = served[small] / served.total()
    assert abs(share - 0.5) < 0.05
    assert served.total() >= 50
    assert set(served) == {large, small}


def test_a_higher_priority_comes_first_however_much_waits_elsewhere(desk: Desk) -> None:
    desk.search(queued=40)
    urgent = desk.search(queued=4, priority=1)
    assert [desk.claim_one(f"w{i}").search.id for i in range(8)].count(urgent) == 4


@pytest.mark.parametrize("capacity", [1, 2])
def test_a_claim_waits_for_a_search_of_higher_priority_that_somebody_is_changing(
    postgres_store_url: str, capacity: int
) -> None:
    with closing(Database(postgres_store_url)) as database:
        desk = Desk(database)
        urgent, _ = desk.search(queued=2, priority=1), desk.search(queued=2)
        with ThreadPoolExecutor(1) as pool:
            with database.write() as tx:
                ledgers.lock_one(tx, urgent)
                claimed = pool.submit(desk.claim, capacity=capacity)
                with pytest.raises(TimeoutError):
                    claimed.result(timeout=0.3)
            assert {grant.search.id for grant in claimed.result(timeout=20)} == {urgent}


@pytest.mark.parametrize("name", ["postgresql", "sqlite"])
def test_a_claim_skips_locked_searches_where_there_are_locks(name: str) -> None:
    """SQLAlchemy leaves FOR UPDATE out on SQLite without a word; there one connection writes, and nobody waits."""
    dialect = sa.create_engine(f"{name}+psycopg://" if name == "postgresql" else "sqlite://").dialect
    found = {place: str(claim._statement.compile(dialect=dialect)) for place, claim in vars(claims).items()
             if isinstance(claim, Prepared) and claim._statement.is_select}  # fmt: skip
    is_skipping = {place for place, text in found.items() if text.rstrip().endswith("FOR UPDATE SKIP LOCKED")}
    assert is_skipping == ({"_LOCK_FREE", "_LOCK_ANY", "_LOCK_IT"} if name == "postgresql" else set())
    assert len(found) >= 6


def test_on_sqlite_writers_stand_in_line_for_one_connection(sqlite_store_url: str) -> None:
    """What takes the place of the locks: a second writer does not begin before the first has ended."""
    with closing(Database(sqlite_store_url)) as first, closing(Database(sqlite_store_url)) as second:
        desk = Desk(first)
        desk.search()
        with ThreadPoolExecutor(1) as pool, first.write() as tx:
            claimed = pool.submit(Desk(second).claim)
            (grant,) = claims.claim(tx, a_claim(), search_id=None, ttl=TTL, now=desk.now)
            assert not claimed.done()
        assert (grant.trial.attempt, claimed.result(20)) == (1, [])
