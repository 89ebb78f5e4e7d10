"""Writing connections to Postgres: what travels together, and what becomes of it when something fails."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from threading import Barrier
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from service.storage import tables
from service.storage.database import Database, Transaction
from service.storage.pending import later
from service.storage.prepared import Prepared
from tests.service.storage.joining import GROW, JOIN, joined

_worker = tables.worker.c
_NAMES = Prepared(sa.select(_worker.name).order_by(_worker.name))


@pytest.fixture
def database(postgres_store_url: str) -> Iterator[Database]:
    with closing(Database(postgres_store_url)) as opened:
        yield opened


def join(tx: Transaction, name: str) -> None:
    later(tx, JOIN, joined(name), expected=1)


def names(database: Database) -> list[str]:
    return [name for (name,) in database.run(_NAMES.all)]


def test_answers_are_heard_in_the_order_of_the_questions(database: Database) -> None:
    def work(tx: Transaction) -> list[Any]:
        join(tx, "a")
        first = _NAMES.ask(tx)
        join(tx, "b")
        second = _NAMES.ask(tx)
        return [first.all(), second.all()]

    assert database.run(work) == [[("a",)], [("a",), ("b",)]]


def test_a_transaction_that_asks_nothing_leaves_its_connection_free(database: Database) -> None:
    for _ in range(3):
        database.run(lambda _tx: None)
    idle = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'")
    with database.read() as tx:
        assert tx.execute(idle).scalar_one() == 0


def test_what_sqlalchemy_asks_and_what_is_prepared_share_a_transaction(database: Database) -> None:
    def work(tx: Transaction) -> int:
        join(tx, "a")
        tx.execute(sa.update(tables.worker).values(capacity=5))
        join(tx, "b")
        later(tx, GROW, [{"of": "a"}], expected=1)
        return int(tx.execute(sa.select(sa.func.sum(_worker.capacity))).scalar_one())

    assert [database.submit(work).result(20), names(database)] == [7, ["a", "b"]]


def test_a_change_that_fails_at_the_commit_undoes_all_and_is_told(database: Database) -> None:
    def twice(tx: Transaction) -> None:
        join(tx, "a")
        join(tx, "b")
        join(tx, "b")

    for run in (database.run, lambda work: database.submit(work).result(20)):
        with pytest.raises(psycopg.errors.UniqueViolation):
            run(twice)
        assert names(database) == []
    database.submit(lambda tx: join(tx, "c")).result(20)
    assert names(database) == ["c"]


def test_a_deadlock_that_is_told_at_the_commit_is_tried_again(database: Database) -> None:
    """Each grows one worker, and then, with its commit, the other's."""
    for name in ("a", "b"):
        database.run(partial(join, name=name))
    both = Barrier(2)
    tries: list[str] = []

    def grow(first: str, second: str) -> None:
        def work(tx: Transaction) -> None:
            tries.append(first)
            GROW.run(tx, of=first)
            if tries.count(first) == 1:
                both.wait(20)
            later(tx, GROW, [{"of": second}], expected=1)

        database.run(work)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(grow, ("a", "b"), ("b", "a")))
    assert len(tries) == 3
    with database.read() as tx:
        assert tx.execute(sa.select(_worker.capacity)).scalars().all() == [3, 3]


def test_a_connection_that_was_ended_is_replaced(database: Database) -> None:
    """Found before the commit by whatever is asked; work that asks nothing is told to try again."""

    def work(tx: Transaction, name: str) -> None:
        _NAMES.all(tx)
        join(tx, name)

    database.submit(partial(work, name="a")).result(20)
    ours = sa.text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    with database.write() as tx:
        for pid in tx.execute(ours).scalars().all():
            tx.execute(sa.select(sa.func.pg_terminate_backend(pid)))
    database.submit(partial(work, name="b")).result(20)
    assert names(database) == ["a", "b"]


def test_a_broken_connection_is_replaced_without_a_word_in_the_log(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING"):
        test_a_connection_that_was_ended_is_replaced(database)
        database.close()
    assert caplog.messages == []
