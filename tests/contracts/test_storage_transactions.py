"""A transaction: all of it or nothing, readers that see one moment, faults that say so."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from caviar.errors import Unavailable
from caviar.states import SearchState, TrialState
from service.storage import claims, leases, ledgers, outcomes, searches, tables, trials
from service.storage.database import Database, insert_or_ignore
from tests.postgres import Postgres
from tests.service.desk import TTL, Desk, a_claim, a_key, a_spec, an_outcome


class PowerCut(Exception):
    pass


def test_a_write_that_is_broken_off_leaves_nothing(desk: Desk) -> None:
    search_id = desk.search(queued=4)
    running = desk.claim_one()
    before = (desk.read(search_id), desk.trials(search_id), desk.attempts(running.trial.id), desk.expiry(running))
    key = a_key()

    def write() -> None:
        with desk.database.write() as tx:
            searches.create(tx, a_spec(), dataset_hash=None, now=desk.now)
            claims.claim(tx, a_claim(capacity=2, key=key), search_id=None, ttl=TTL, now=desk.now)
            outcomes.finish(tx, [an_outcome(running, score=0.1)], ttl=TTL, now=desk.now)
            leases.grace(tx, since=desk.now - TTL, ttl=TTL, now=desk.now)
            raise PowerCut

    with pytest.raises(PowerCut):
        write()
    after = (desk.read(search_id), desk.trials(search_id), desk.attempts(running.trial.id), desk.expiry(running))
    assert after == before
    assert len(desk.claim(capacity=2, key=key)) == 2


def test_what_was_committed_is_there_for_a_database_opened_later(desk: Desk) -> None:
    search_id = desk.search(queued=2)
    desk.finish(desk.claim_one(), score=0.5)
    with closing(Database(desk.database.url.render_as_string(hide_password=False))) as reopened:
        assert Desk(reopened).read(search_id) == desk.read(search_id)
        assert Desk(reopened).trials(search_id) == desk.trials(search_id)


def test_readers_do_not_wait_for_a_writer_and_see_nothing_unfinished(desk: Desk) -> None:
    search_id = desk.search(queued=2)
    with desk.database.write() as tx:
        ledger = ledgers.lock_one(tx, search_id)
        ledger.turn(SearchState.PAUSED)
        ledgers.save(tx, ledger, now=desk.now)
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(desk.read, search_id).result(timeout=30)
    assert (seen.state, desk.read(search_id).state) == (SearchState.ACTIVE, SearchState.PAUSED)


def test_the_ledger_refuses_what_no_state_allows(desk: Desk) -> None:
    search_id = desk.search()
    with desk.database.write() as tx:
        ledger = ledgers.lock_one(tx, search_id)
        with pytest.raises(AssertionError, match="no trial goes from queued to completed"):
            ledger.move(TrialState.QUEUED, TrialState.COMPLETED)
        ledger.turn(SearchState.CANCELLED)
        with pytest.raises(AssertionError, match="no search goes from cancelled to active"):
            ledger.turn(SearchState.ACTIVE)


def test_rows_whose_key_is_taken_are_ignored_and_not_counted(desk: Desk) -> None:
    made = {"body_hash": b"b" * 32, "created_id": 1, "created_at": desk.now}
    rows = [{"route": "POST /v1/searches", "key": f"key {n}", **made} for n in range(3)]
    with desk.database.write() as tx:
        assert insert_or_ignore(tx, tables.idempotency, rows[:1]) == 1
        assert insert_or_ignore(tx, tables.idempotency, rows[:1]) == 0
        assert insert_or_ignore(tx, tables.idempotency, rows) == 2


def test_a_trial_has_one_lease_one_running_attempt_and_one_result_whatever_the_code_does(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    lease, attempt = tables.lease, tables.attempt
    again = {"worker": "bob", "outcome": "running", "token_hash": b"t" * 32, "claim_key_hash": b"c" * 32, "attempt": 2}
    with desk.database.read() as tx:
        held = dict(tx.execute(sa.select(lease)).mappings().one())
    forgeries = [
        sa.insert(lease).values(held | {"attempt": 2}),
        sa.insert(attempt).values(again | {"trial_id": grant.trial.id, "started_at": desk.now}),
        sa.update(tables.trial).values(state=TrialState.COMPLETED),
        sa.update(tables.search).values(state=SearchState.COMPLETED),
        sa.update(tables.search).values(next_number=2),
    ]
    for forgery in forgeries:
        with pytest.raises(sa.exc.IntegrityError), desk.database.write() as tx:
            tx.execute(forgery)
    desk.finish(grant, score=0.5)
    row = again | {"trial_id": grant.trial.id, "started_at": desk.now, "outcome": "completed"}
    with pytest.raises(sa.exc.IntegrityError), desk.database.write() as tx:
        tx.execute(sa.insert(attempt).values(row))


def test_a_sqlite_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'no such folder' / 'caviar.db'}")
    with pytest.raises(Unavailable, match="does not answer"), database.read():
        pass
    database.close()


def test_a_postgres_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"postgresql://nobody@/none?host={tmp_path}")
    with pytest.raises(Unavailable, match="does not answer"), database.write():
        pass
    database.close()


def test_postgres_connections_that_were_cut_are_replaced(postgres: Postgres, postgres_store_url: str) -> None:
    with closing(Database(postgres_store_url)) as database:
        desk = Desk(database)
        search_id = desk.search(queued=2)
        ours = f"datname = '{database.url.database}'"
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")
        assert desk.read(search_id).counts[TrialState.QUEUED] == 2
        assert len(desk.claim()) == 1


def test_a_reader_sees_one_moment_however_many_statements_it_takes(desk: Desk) -> None:
    """Otherwise a round could be planned from a search and trials that never were at the same time."""
    search_id = desk.search(queued=2, trials=9)
    with desk.database.read() as tx:
        before = searches.get(tx, search_id)
        desk.plan(search_id, ["", ""])
        assert searches.get(tx, search_id) == before
        assert [trial.number for trial in trials.page(tx, search_id, state=None, limit=9, after=None)] == [0, 1]
    assert desk.read(search_id).next_number == before.next_number + 2
