"""A server's inside without its HTTP: everything a request works with, on a clock that a test sets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from caviar.settings import Settings
from service.changes import Changes
from service.context import Service
from service.storage.database import Database
from tests.service.audit import audit
from tests.service.desk import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def portal() -> Iterator[BlockingPortal]:
    """The way into an event loop that runs in a thread of its own, as a server's does."""
    with start_blocking_portal() as opened:
        yield opened


@pytest.fixture
def service(sqlite_store_url: str, tmp_path: Path, clock: SetClock, portal: BlockingPortal) -> Iterator[Service]:
    settings = Settings(database_url=sqlite_store_url, data_dir=tmp_path)
    database = Database(sqlite_store_url)
    yield Service(settings, database, clock, portal.call(Changes))
    audit(database)
    database.close()
