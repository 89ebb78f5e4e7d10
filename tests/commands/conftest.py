"""One server for all tests of a run, and the example worker, which trains in no time."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from caviar import Client
from tests.commands.running import caviar, line_with, running

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    with running("serve", "--port", "0", "--data-dir", str(folder)) as server:
        yield line_with(server, "ready at").split()[-1]


@pytest.fixture(scope="session")
def _parabola_worker(url: str) -> Iterator[None]:
    with subprocess.Popen([sys.executable, str(EXAMPLES / "worker.py"), url]) as worker:
        yield
        worker.kill()


@pytest.fixture(scope="session")
def client(url: str) -> Iterator[Client]:
    with Client(url) as client:
        yield client


@pytest.fixture(scope="session")
def parabola(_parabola_worker: None) -> str:
    """A spec that the worker finishes within seconds."""
    return str(EXAMPLES / "parabola.yaml")


@pytest.fixture(scope="session")
def finished(parabola: str, url: str) -> str:
    """The id of a search that has ended, with 40 trials."""
    answer = caviar("submit", parabola, "--wait", "--json", "--url", url)
    assert answer.returncode == 0, answer.stderr
    return str(json.loads(answer.stdout)["id"])


@pytest.fixture
def waiting_search(client: Client) -> Callable[..., str]:
    """Submits a search that no worker can run; gives its id."""

    def submit(**fields: Any) -> str:
        space = {"x": {"low": 0.0, "high": 1.0}, "kind": "constant"}
        spec = {"name": "waiting", "trainer": "nobody", "metric": "loss", "goal": "minimize", "space": space}
        return str(client.submit({**spec, "trials": 5, **fields}).id)

    return submit
