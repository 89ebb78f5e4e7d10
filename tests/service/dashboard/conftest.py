"""The real server that the tests of the pages share."""

from collections.abc import Iterator

import pytest

from tests.processes import running_processes
from tests.service.api.calls import Api


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("pages")
    store = f"sqlite:///{folder / 'caviar.db'}"
    with running_processes(folder) as processes, Api(processes.server(store).url) as api:
        yield api
