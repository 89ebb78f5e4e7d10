"""Real servers, one per database, that all tests of the HTTP interface share."""

from collections.abc import Iterator

import pytest

from tests.conftest import STORES
from tests.postgres import Postgres
from tests.processes import Processes, running_processes
from tests.service.api.calls import Api


@pytest.fixture(scope="session")
def sqlite_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("sqlite-api")
    with running_processes(folder) as processes, _api(processes, f"sqlite:///{folder / 'caviar.db'}") as api:
        yield api


@pytest.fixture(scope="session")
def postgres_api(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("postgres-api")
    with (
        postgres.database() as name,
        running_processes(folder) as processes,
        _api(processes, postgres.url(name)) as api,
    ):
        yield api


def _api(processes: Processes, store_url: str) -> Api:
    return Api(processes.server(store_url).url)


@pytest.fixture(scope="session", params=STORES)
def api(request: pytest.FixtureRequest) -> Api:
    """On each database in turn."""
    found = request.getfixturevalue(f"{request.param}_api")
    assert isinstance(found, Api)
    return found
