"""Charts of a search with 50,000 trials: as quick as those of a small one, and not much larger."""

from collections.abc import Iterator
from contextlib import closing

import plotly.graph_objects as go
import pytest

from service.api.figures import CHARTS
from service.storage.database import Database
from service.storage.migrate import upgrade
from tests.processes import running_processes
from tests.service.api.calls import Api
from tests.service.filled import fill

pytestmark = pytest.mark.long
TRIALS = 50_000
MOST_SECONDS = 2.0
"""From request to the last byte over HTTP, the quickest of three: far above what it takes, so that only reading all
trials would break it."""
MOST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, int]]:
    folder = tmp_path_factory.mktemp("large")
    url = f"sqlite:///{folder / 'caviar.db'}"
    upgrade(url)
    with closing(Database(url)) as database:
        search = fill(database, trials=TRIALS)
    with running_processes(folder) as processes, Api(processes.server(url).url) as api:
        yield api, search


@pytest.mark.parametrize("chart", sorted(CHARTS))
def test_each_chart_is_quick_and_small(large: tuple[Api, int], chart: str) -> None:
    api, search = large
    answers = [api.ask("GET", f"/v1/searches/{search}/charts/{chart}") for _ in range(3)]
    go.Figure(answers[0].json())
    assert answers[0].json()["data"]
    assert min(answer.elapsed.total_seconds() for answer in answers) < MOST_SECONDS
    assert len(answers[0].content) < MOST_BYTES


def test_the_sample_holds_the_best_and_never_more_than_asked_for_beside_it(large: tuple[Api, int]) -> None:
    api, search = large
    best = api.search(str(search))["best"]
    sample = api.get(f"/v1/searches/{search}/sample", limit=500)
    assert sample["of"] == TRIALS
    assert best["trial"] in {item["id"] for item in sample["items"]}
    assert 250 <= len(sample["items"]) <= 500 + 100 + 50
    numbers = [item["number"] for item in sample["items"]]
    assert {number // 5000 for number in numbers} == set(range(10))
