"""/v1/searches/{id}/charts/{chart} and /sample: a search that ran, as figures that Plotly accepts."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import plotly.graph_objects as go
import pytest

from service.api.figures import CHARTS
from tests.service.api.calls import Api

SPACE = {
    "x": {"low": 0.001, "high": 1.0, "scale": "log"},
    "beta": {"low": 0.9, "high": 0.999, "scale": "reverse_log"},
    "kind": {"values": ["plain", "<b>bold</b>"]},
    "same": {"values": [1]},
    "epochs": 3,
}


def played(api: Api, *, trials: int = 40, **fields: Any) -> str:
    """A search of which x decides, with curves; its third trial failed, its fifth diverged, its last is open."""
    search = api.submit(**{"space": SPACE, "trials": trials, "parallel": trials, **fields})
    for trial in api.claim(search)[:-1]:
        loss = abs(math.log10(trial["hyperparameters"]["x"]) + 2)
        for step in (1, 2, 3):
            api.report(trial, step=step, metrics={"loss": loss + 1 / step, "train_loss": loss, "dev_loss": 2 * loss})
        if trial["number"] == 2:
            api.finish(trial, "failed", error="<b>no</b> memory")
        else:
            api.finish(trial, metrics={"loss": "NaN" if trial["number"] == 4 else loss})
    return search


def drawn(api: Api, search: str, chart: str, **query: Any) -> dict[str, Any]:
    """The figure; Plotly itself checks every attribute of it."""
    figure: dict[str, Any] = api.get(f"/v1/searches/{search}/charts/{chart}", **query)
    go.Figure(figure)
    return figure


def texts(figure: dict[str, Any]) -> str:
    return "\n".join(note["text"] for note in figure["layout"]["annotations"])


@pytest.mark.parametrize("chart", sorted(CHARTS))
def test_each_chart_of_a_search_that_runs_is_one_that_plotly_accepts(api: Api, chart: str) -> None:
    figure = drawn(api, played(api), chart)
    assert figure["data"]
    assert {trace["type"] for trace in figure["data"]} <= {"scatter", "bar", "contour", "heatmap"}


@pytest.mark.parametrize("chart", sorted(CHARTS))
def test_a_search_without_results_says_what_is_awaited(api: Api, chart: str) -> None:
    search = api.submit(trials=1, parallel=1, sampler={"name": "zoom", "order": "rounds"})
    figure = drawn(api, search, chart)
    assert figure["data"] == [] or chart == "zoom"
    assert figure["layout"]["annotations"][0]["text"]


def test_the_zoom_shows_the_parameters_that_vary_or_those_asked_for(api: Api) -> None:
    search = played(api)
    assert all(f"<b>{name}</b>" in texts(drawn(api, search, "zoom")) for name in ("x", "beta", "kind"))
    assert "same" not in texts(drawn(api, search, "zoom"))
    asked = drawn(api, search, "zoom", parameter=["kind", "x"])
    assert [note["text"].partition("</b>")[0] for note in asked["layout"]["annotations"]] == ["<b>kind", "<b>x"]


@pytest.mark.parametrize(
    ("chart", "query"),
    [
        ("zoom", {"parameter": "epochs"}),
        ("zoom", {"parameter": ["x", "y" * 90]}),
        ("slice", {"parameter": "same"}),
        ("contour", {"x": "bete"}),
        ("contour", {"x": "x", "y": "epochs"}),
    ],
)
def test_a_parameter_that_does_not_vary_is_refused_by_name(api: Api, chart: str, query: dict[str, Any]) -> None:
    problem = api.refused("GET", f"/v1/searches/{played(api)}/charts/{chart}", 422, "invalid_request", params=query)
    assert "is no parameter that varies in this search; " in problem["detail"]


def test_a_chart_or_search_that_does_not_exist_is_not_found(api: Api) -> None:
    search = api.submit()
    problem = api.refused("GET", f"/v1/searches/{search}/charts/histroy", 404, "not_found")
    assert problem["detail"] == "there is no chart 'histroy'; did you mean history?"
    api.refused("GET", "/v1/searches/987654/charts/history", 404, "not_found")
    api.refused("GET", "/v1/searches/987654/sample", 404, "not_found")


@pytest.mark.parametrize("path", [*(f"charts/{chart}" for chart in sorted(CHARTS)), "sample"])
def test_what_a_client_has_already_is_not_sent_again_until_a_trial_has_ended(api: Api, path: str) -> None:
    search = api.submit(space=SPACE, trials=3, parallel=3)
    path = f"/v1/searches/{search}/{path}"
    first, *_ = api.claim(search)
    tag = {"If-None-Match": api.ask("GET", path).headers["etag"]}
    assert api.ask("GET", path, 304, headers=tag).content == b""
    api.finish(first, metrics={"loss": 1.0})
    assert api.ask("GET", path, headers=tag).headers["etag"] != tag["If-None-Match"]


def test_the_sample_of_a_small_search_is_all_of_it_with_what_varies(api: Api) -> None:
    search = played(api)
    sample = api.get(f"/v1/searches/{search}/sample")
    assert sample["of"] == 40
    assert [item["number"] for item in sample["items"]] == list(range(40))
    assert set(sample["items"][0]["hyperparameters"]) == {"x", "beta", "kind"}
    assert [sample["items"][at]["state"] for at in (2, 4, 39)] == ["failed", "completed", "running"]
    assert (sample["items"][4]["value"], sample["items"][4]["diverged"]) == (None, True)
    assert len(api.get(f"/v1/searches/{search}/sample", limit=10)["items"]) <= 40


def test_a_user_s_text_stands_in_a_figure_as_text(api: Api) -> None:
    search = api.finished([1.0, 2.0], space={"x": {"low": 0, "high": 1}, "kind": {"values": ["<img src=x>", "a&b"]}})
    figure = api.ask("GET", f"/v1/searches/{search}/charts/zoom").text
    assert "<img" not in figure
    assert "&lt;img src=x&gt;" in figure
    assert "a&amp;b" in figure


def test_a_contour_of_one_parameter_alone_is_refused(api: Api) -> None:
    query = {"x": "x", "y": "x"}
    path = f"/v1/searches/{played(api)}/charts/contour"
    problem = api.refused("GET", path, 422, "invalid_request", params=query)
    assert problem["detail"] == "x and y are both 'x'; name two parameters"


def test_what_is_not_asked_for_is_the_most_important(api: Api) -> None:
    search = played(api, trials=60)
    assert drawn(api, search, "slice")["layout"]["xaxis"]["title"]["text"] == "x"
    assert drawn(api, search, "slice", parameter="kind")["layout"]["xaxis"]["title"]["text"] == "kind"
    assert texts(drawn(api, search, "zoom")).startswith("<b>x</b>")
    layout = drawn(api, search, "contour", x="beta")["layout"]
    assert [layout[axis]["title"]["text"] for axis in ("xaxis", "yaxis")] == ["beta", "x"]


def test_the_surface_of_a_contour_is_lowest_where_the_best_lie(api: Api) -> None:
    figure = drawn(api, played(api, trials=60), "contour", x="x", y="beta")
    surface = next(trace for trace in figure["data"] if trace["type"] == "contour")
    middle = surface["z"][len(surface["z"]) // 2]
    lowest = min((value, x) for value, x in zip(middle, surface["x"], strict=True) if value is not None)[1]
    assert 0.003 < lowest < 0.03


def test_curves_are_of_so_many_leaders_and_of_what_runs(api: Api) -> None:
    search = played(api)
    figure = drawn(api, search, "curves", top=3)
    assert [trace["name"][:2] for trace in figure["data"]] == ["3:", "2:", "1:"]
    assert figure["data"][-1]["x"] == [1, 2, 3]
    api.refused("GET", f"/v1/searches/{search}/charts/curves", 422, "invalid_request", params={"top": 51})


def test_bias_and_variance_are_of_the_metric_on_both_sets(api: Api) -> None:
    figure = drawn(api, played(api), "bias_variance")
    assert figure["layout"]["yaxis"]["title"]["text"] == "dev_loss"
    (done,) = [trace for trace in figure["data"] if trace["name"] == "completed" and trace["x"] != [None]]
    assert all(dev == pytest.approx(2 * train) for train, dev in zip(done["x"], done["y"], strict=True))


def test_many_who_look_on_at_once_see_the_same(api: Api) -> None:
    search = played(api)
    charts = sorted(CHARTS.keys() - {"timeline"}) * 4  # its bars grow while the trial runs
    with ThreadPoolExecutor(len(charts)) as crowd:
        answers = list(crowd.map(lambda chart: drawn(api, search, chart), charts))
    alone = {chart: drawn(api, search, chart) for chart in charts}
    assert [alone[chart] for chart in charts] == answers
