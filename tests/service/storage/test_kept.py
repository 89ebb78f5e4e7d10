"""A thread keeps its connection from transaction to transaction, and lets go of one in which something failed."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa

from service.storage.kept import Kept


@pytest.fixture
def engine(sqlite_store_url: str) -> Iterator[sa.Engine]:
    made = sa.create_engine(sqlite_store_url)
    yield made
    made.dispose()


def test_a_thread_meets_its_own_connection_again(engine: sa.Engine) -> None:
    met: list[sa.Connection] = []

    def twice() -> None:
        for _ in range(2):
            with kept.begin() as tx:
                met.append(tx)

    with closing(Kept(engine)) as kept:
        twice()
        other = threading.Thread(target=twice)
        other.start()
        other.join()
        assert met[0] is met[1] is not met[2] is met[3]
    assert all(connection.closed for connection in met)


def test_a_block_that_ends_well_is_committed_and_one_that_fails_is_undone(engine: sa.Engine) -> None:
    insert = sa.text("INSERT INTO offer VALUES (:worker, 't')")
    with closing(Kept(engine)) as kept:
        with kept.begin() as first:
            first.execute(insert, {"worker": "a"})
        with pytest.raises(sa.exc.IntegrityError), kept.begin() as failed:
            failed.execute(insert, [{"worker": "b"}, {"worker": "b"}])
        assert failed.closed
        with kept.begin() as tx:
            assert tx is not failed
            assert tx.execute(sa.text("SELECT worker FROM offer")).scalars().all() == ["a"]
