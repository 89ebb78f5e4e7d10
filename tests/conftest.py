"""What all tests share: stores to run on, real data, and an environment that is the same on every machine."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.postgres import Postgres, running_postgres
from tests.processes import Processes, running_processes

STORES = ("sqlite", "postgres")

# A test run that a shell started in the background ignores Ctrl-C, and so would every process that a test sends it to.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run: a test fails because of the change at hand, never because of the hour.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_machine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CAVIAR_") and name != "CAVIAR_TEST_DATA"]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real server, one per test process. Fails when its binaries are missing: no contract is skipped in silence."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A Postgres database of the test's own, without any table."""
    with postgres.database() as name:
        yield postgres.url(name)


@pytest.fixture(params=STORES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """On each database in turn: a store of the test's own, without any table."""
    if request.param == "sqlite":
        return _sqlite(tmp_path)
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest) -> str:
    """On each database in turn: a store of the test's own, migrated and empty."""
    return str(request.getfixturevalue(f"{request.param}_store_url"))


@pytest.fixture
def sqlite_store_url(_migrated_sqlite: Path, tmp_path: Path) -> str:
    shutil.copytree(_migrated_sqlite, tmp_path, dirs_exist_ok=True)
    return _sqlite(tmp_path)


@pytest.fixture
def postgres_store_url(postgres: Postgres, _migrated_postgres: str) -> Iterator[str]:
    with postgres.database(template=_migrated_postgres) as name:
        yield postgres.url(name)


@pytest.fixture(scope="session")
def _migrated_sqlite(_upgrade: Callable[[str], object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    _upgrade(_sqlite(folder))
    return folder


@pytest.fixture(scope="session")
def _migrated_postgres(_upgrade: Callable[[str], object], postgres: Postgres) -> Iterator[str]:
    with postgres.database() as name:
        _upgrade(postgres.url(name))
        yield name


@pytest.fixture(scope="session")
def _upgrade() -> Callable[[str], object]:
    from service.storage.migrate import upgrade  # not at the top: most tests need no database library

    return upgrade


def _sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'caviar.db'}"


@pytest.fixture
def processes(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Processes]:
    """Starts real servers and workers: processes.server(store_url), processes.worker(server.url)."""
    for store in {"store_url", "postgres_store_url"} & set(request.fixturenames):
        request.getfixturevalue(store)  # so that it is there for as long as they run
    folder = tmp_path / "processes"
    folder.mkdir()
    with running_processes(folder) as started:
        yield started


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data sets that CAVIAR_TEST_DATA names."""
    if folder := os.environ.get("CAVIAR_TEST_DATA"):
        return Path(folder)
    pytest.skip("needs the real data sets: set CAVIAR_TEST_DATA to their folder")
