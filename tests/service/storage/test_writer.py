"""What is asked for at the same time is committed together, and each piece stands or falls alone."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from caviar.errors import NotFound, Unavailable
from service.storage import searches
from service.storage.database import Database, Transaction
from tests.service.desk import START, VIOLATIONS, a_spec

COLLIDING = {"route": "r", "key": "k", "body_hash": b"", "created_id": 1, "created_at": START}


@pytest.fixture
def database(sqlite_store_url: str) -> Iterator[Database]:
    with closing(Database(sqlite_store_url)) as opened:
        yield opened


@contextmanager
def held_up(database: Database) -> Iterator[list[str]]:
    """The writer is busy inside the block, so what is submitted there comes at the same time. Yields its commits."""
    is_busy, go_on = threading.Event(), threading.Event()
    commits: list[str] = []

    def busy(tx: Transaction) -> None:
        is_busy.set()
        go_on.wait(20)

    first = database.submit(busy)
    assert is_busy.wait(20)
    sa.event.listen(database._writer, "commit", lambda _connection: commits.append("commit"))
    yield commits
    go_on.set()
    first.result(20)
    database.run(lambda _tx: None)


def create(tx: Transaction) -> int:
    return searches.create(tx, a_spec(), dataset_hash=None, now=START)


def count(database: Database) -> int:
    with database.read() as tx:
        return len(searches.page(tx, limit=1000, before=None))


def test_what_waits_while_the_writer_is_busy_is_one_commit(database: Database) -> None:
    futures: list[Future[Any]] = []
    with held_up(database) as commits:
        futures += [database.submit(create) for _ in range(20)]
    assert sorted(future.result() for future in futures) == list(range(1, 21))
    # Of the busy one, of the group of twenty, and of the empty one at the end.
    assert len(commits) == 3


def test_nobody_is_answered_before_the_commit(database: Database) -> None:
    seen: list[int] = []
    with held_up(database):
        future = database.submit(create)
        future.add_done_callback(lambda _future: seen.append(count(database)))
    assert seen == [1]


def test_one_that_fails_leaves_the_others_of_its_group(database: Database) -> None:
    def fail(tx: Transaction) -> None:
        create(tx)
        raise NotFound("there is no such thing")

    with held_up(database):
        before, failing, after = database.submit(create), database.submit(fail), database.submit(create)
    assert isinstance(failing.exception(), NotFound)
    assert (before.result(), after.result()) == (1, 2)
    assert count(database) == 2


def test_one_that_fails_alone_is_undone(database: Database) -> None:
    def fail(tx: Transaction) -> None:
        create(tx)
        tx.execute(sa.text("INSERT INTO search (id) VALUES (1)"))

    with pytest.raises(VIOLATIONS):
        database.run(fail)
    assert count(database) == 0


def test_a_commit_that_fails_refuses_its_whole_group_and_the_next_one_goes_on(database: Database) -> None:
    commits: list[sa.Connection] = []

    def refuse_the_second(connection: sa.Connection) -> None:
        commits.append(connection)
        if len(commits) == 2:
            # What a full disk does to a group: every piece was carried out, and none of them stands.
            connection.exec_driver_sql("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")

    futures: list[Future[Any]] = []
    with held_up(database):
        futures += [database.submit(create) for _ in range(3)]
        sa.event.listen(database._writer, "commit", refuse_the_second)
    assert [type(future.exception()) for future in futures] == [Unavailable] * 3
    assert count(database) == 0
    assert database.run(create) == 1


def test_what_was_submitted_before_the_end_is_done(sqlite_store_url: str) -> None:
    with closing(Database(sqlite_store_url)) as database:
        futures = [database.submit(create) for _ in range(50)]
    assert sorted(future.result() for future in futures) == list(range(1, 51))


def test_who_has_given_up_is_not_served_and_the_writer_goes_on(database: Database) -> None:
    with held_up(database):
        given_up, served = database.submit(create), database.submit(create)
        assert given_up.cancel()
    assert (served.result(), count(database)) == (1, 1)
    assert database.run(create) == 2
