"""A search's charts in Python, from a real server."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import plotly.graph_objects as go
import pytest

from caviar import Client
from caviar.errors import InvalidRequest, NotFound, UsageError
from caviar.plots import Plots
from caviar.search import Search
from service.api.figures import CHARTS
from tests.processes import running_processes
from tests.worker.loops import toy_spec

SPACE = {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 1e-3, "high": 1.0, "scale": "log"}}


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    """Of 12 trials that have ended."""
    folder = tmp_path_factory.mktemp("plots")
    with running_processes(folder) as processes:
        server = processes.server(f"sqlite:///{folder / 'caviar.db'}")
        with Client(server.url) as client:
            search = client.submit(toy_spec(trials=12, sampler="zoom", space=SPACE))
            for trial in search.asks():
                with trial:
                    for step in (1, 2):
                        hparams = trial.hyperparameters
                        trial.report(step, loss=hparams["x"] + hparams["y"] / step, train_error=0.1, dev_error=0.2)
            yield search


def test_there_is_a_method_for_every_chart_of_the_server() -> None:
    assert {name for name in vars(Plots) if not name.startswith("_")} == set(CHARTS)


@pytest.mark.parametrize("chart", sorted(CHARTS))
def test_each_is_a_figure(chart: str, search: Search) -> None:
    figure = getattr(search.plot, chart)()

    assert isinstance(figure, go.Figure)
    assert figure.data or figure.layout.annotations


def test_the_history_holds_every_value(search: Search) -> None:
    drawn = {float(y) for trace in search.plot.history().data if trace.mode == "markers" for y in trace.y if y}

    assert {row.value for row in search.leaderboard()} <= drawn


@pytest.mark.parametrize(
    ("draw", "axes"),
    [
        (lambda plot: plot.slice("y"), {"y"}),
        (lambda plot: plot.contour("x", "y"), {"x", "y"}),
    ],
)
def test_parameters_are_chosen_by_name(draw: Callable[[Plots], Any], axes: set[str], search: Search) -> None:
    assert axes <= set(str(draw(search.plot).to_dict()).replace("'", " ").split())


def test_what_cannot_be_drawn_is_refused_as_the_server_does(search: Search) -> None:
    with pytest.raises(InvalidRequest, match="is no parameter that varies in this search"):
        search.plot.slice("z")
    with pytest.raises(NotFound, match="there is no chart 'histroy'; did you mean history"):
        search._calls.chart(search.id, "histroy")


def test_plotly_is_asked_for_by_name_where_it_is_missing(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(UsageError, match="pip install plotly"):
        search.plot.history()
