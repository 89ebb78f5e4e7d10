"""Changes that wait reach Postgres as one statement, before anything else is asked and before the commit."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from service.storage import tables
from service.storage.database import Database, Transaction
from service.storage.pending import as_one, later
from service.storage.prepared import Prepared
from tests.service.storage.joining import GROW, JOIN, joined

_worker, _offer = tables.worker.c, tables.offer.c
_OFFER = Prepared(sa.insert(tables.offer), columns=["worker", "trainer"])
_LEAVE = Prepared(sa.delete(tables.worker).where(_worker.name == sa.bindparam("of")))
_CAPACITY = Prepared(sa.select(_worker.name, _worker.capacity).order_by(_worker.name))


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    with closing(Database(store_url)) as opened:
        yield opened


def capacities(database: Database) -> dict[str, int]:
    return database.run(lambda tx: dict(_CAPACITY.all(tx)))


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What psycopg is told by connections that are opened from now on."""
    told: list[str] = []

    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
            told.append(str(query).split(maxsplit=1)[0])
            return super().execute(query, *arguments, **options)

    def connect(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        options["cursor_factory"] = Cursor

    sa.event.listen(database._hot, "do_connect", connect)
    yield told


def test_what_waits_is_carried_out_by_the_next_question(database: Database) -> None:
    def work(tx: Transaction) -> list[Any]:
        later(tx, JOIN, joined("a", "b"), expected=2)
        later(tx, _OFFER, [{"worker": "a", "trainer": "t"}])
        return _CAPACITY.all(tx)

    assert database.run(work) == [("a", 1), ("b", 1)]


def test_what_waits_is_carried_out_by_the_next_question_that_sqlalchemy_asks(database: Database) -> None:
    def work(tx: Transaction) -> int:
        later(tx, JOIN, joined("a", "b"))
        return tx.execute(sa.select(sa.func.count()).select_from(tables.worker)).scalar_one()

    assert database.run(work) == 2


def test_what_waits_at_the_end_is_committed(database: Database) -> None:
    database.run(lambda tx: later(tx, JOIN, joined("a")))
    with database.write() as tx:
        later(tx, GROW, [{"of": "a"}])
    assert capacities(database) == {"a": 2}


def test_changes_of_different_tables_are_one_statement(postgres_store_url: str) -> None:
    with closing(Database(postgres_store_url)) as database, statements(database) as told:
        database.run(lambda tx: later(tx, JOIN, joined("a", "b")))
        told.clear()

        def work(tx: Transaction) -> None:
            later(tx, GROW, [{"of": "a"}, {"of": "b"}], expected=2)
            later(tx, JOIN, joined("c"), expected=1)
            later(tx, _OFFER, [{"worker": "a", "trainer": "t"}, {"worker": "b", "trainer": "t"}], expected=2)

        database.run(work)
        assert told == ["BEGIN", "WITH", "COMMIT"]
        assert capacities(database) == {"a": 2, "b": 2, "c": 1}


@pytest.mark.parametrize(("first", "then"), [(GROW, GROW), (GROW, _LEAVE), (_LEAVE, GROW)])
def test_changes_of_one_row_come_one_after_the_other(database: Database, first: Prepared, then: Prepared) -> None:
    database.run(lambda tx: later(tx, JOIN, joined("a")))
    of = [{"of": "a"}]
    is_gone = _LEAVE in (first, then)

    def work(tx: Transaction) -> None:
        later(tx, first, of, expected=1)
        later(tx, then, of, expected=0 if first is _LEAVE else 1)

    database.run(work)
    assert capacities(database) == ({} if is_gone else {"a": 3})


def test_a_row_that_has_left_may_come_again(database: Database) -> None:
    database.run(lambda tx: later(tx, JOIN, joined("a")))

    def work(tx: Transaction) -> None:
        later(tx, GROW, [{"of": "a"}])
        later(tx, _LEAVE, [{"of": "a"}])
        later(tx, JOIN, joined("a"))

    database.run(work)
    assert capacities(database) == {"a": 1}


@pytest.mark.parametrize("others", [[], [{"worker": "a", "trainer": "t"}]], ids=["alone", "among others"])
def test_a_change_of_other_than_the_expected_rows_undoes_the_transaction(
    database: Database, others: list[dict[str, Any]]
) -> None:
    def work(tx: Transaction) -> None:
        later(tx, JOIN, joined("a"))
        later(tx, _OFFER, others)
        later(tx, GROW, [{"of": "nobody"}], expected=1)

    with pytest.raises(AssertionError, match="other rows were to change than those that are there"):
        database.run(work)
    assert capacities(database) == {}


def test_what_waited_in_a_transaction_that_failed_is_not_carried_out_by_the_next(database: Database) -> None:
    def work(tx: Transaction) -> None:
        later(tx, JOIN, joined("a"))
        raise ValueError("before its end")

    with pytest.raises(ValueError, match="before its end"):
        database.run(work)
    assert capacities(database) == {}


def test_what_is_tried_again_is_carried_out_once(postgres_store_url: str) -> None:
    tries: list[int] = []

    def work(tx: Transaction) -> None:
        later(tx, JOIN, joined("a"), expected=1)
        tries.append(1)
        if len(tries) < 3:
            raise psycopg.OperationalError("broken off")

    with closing(Database(postgres_store_url)) as database:
        database.run(work)
        assert (len(tries), capacities(database)) == (3, {"a": 1})


def test_values_of_the_same_name_stay_apart() -> None:
    update, delete = "UPDATE a SET x=%(new)s::INTEGER", "DELETE FROM b WHERE x=%(new)s"
    assert as_one(((update, ("new",)), (delete, ("new",))), (1,)) == (
        "WITH s0 AS (UPDATE a SET x=%(0_new)s::INTEGER RETURNING 1), "
        "s1 AS (DELETE FROM b WHERE x=%(1_new)s RETURNING 1) "
        "SELECT 1 / ((SELECT count(*) FROM s1) = %(1_rows)s)::integer"
    )
