"""The storage contract: every test that asks for `desk` runs on both databases, and is audited when it ends."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from service.storage import tables
from service.storage.database import Database
from tests.conftest import STORES
from tests.postgres import Postgres
from tests.service.audit import audit
from tests.service.desk import Desk


@pytest.fixture(params=STORES)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty store."""
    opened: Database = request.getfixturevalue(f"_{request.param}_database")
    yield opened
    opened.close()


@pytest.fixture
def _sqlite_database(sqlite_store_url: str) -> Database:
    return Database(sqlite_store_url)


@pytest.fixture
def _postgres_database(_shared_postgres_url: str) -> Database:
    return emptied(Database(_shared_postgres_url))


def emptied(database: Database) -> Database:
    with database.write() as tx:
        for table in reversed(tables.metadata.sorted_tables):
            tx.execute(sa.delete(table))
    return database


@pytest.fixture(scope="session")
def _shared_postgres_url(postgres: Postgres, _migrated_postgres: str) -> Iterator[str]:
    """One for all tests of the contract: emptying it is quicker by far than making a new one."""
    with postgres.database(template=_migrated_postgres) as name:
        yield postgres.url(name)


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    yield Desk(database)
    audit(database)
