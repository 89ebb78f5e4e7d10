"""History, slice, contour, bias and variance: the values of trials, with nothing left out in silence."""

import json
import sys
from typing import Any

import pytest

from caviar.charts.axes import varying_axes
from caviar.charts.bias_variance import bias_variance
from caviar.charts.contour import contour
from caviar.charts.history import history
from caviar.charts.slice_ import slice_
from caviar.charts.zoom import zoom
from caviar.wire.charts import Surface
from tests.caviar.charts.drawing import a_spec, a_trial, checked, named, notes

MIXED = [a_trial(0, 3.0), a_trial(1, 5.0), a_trial(2, None, "failed"), a_trial(3, 1.0, "stopped"), a_trial(4, 2.0)]


@pytest.mark.parametrize(
    ("goal", "steps"), [("minimize", [(0, 3.0), (3, 1.0), (7, 1.0)]), ("maximize", [(0, 3.0), (1, 5.0), (7, 5.0)])]
)
def test_the_best_so_far_is_a_step_at_each_trial_that_is_better(goal: str, steps: list[tuple[int, float]]) -> None:
    figure = checked(history(a_spec(goal=goal), MIXED, drawn=8))
    (line,) = named(figure, "best so far")
    assert list(zip(line["x"], line["y"], strict=True)) == steps
    assert line["line"]["shape"] == "hv"


def test_trials_without_a_value_are_marked_below() -> None:
    figure = checked(history(a_spec(), MIXED, drawn=8))
    (failed,) = named(figure, "failed")
    assert (failed["yaxis"], failed["x"], failed["customdata"]) == ("y2", [2], ["t2"])
    assert figure["layout"]["yaxis2"]["domain"][1] < figure["layout"]["yaxis"]["domain"][0]


def test_the_target_is_a_line() -> None:
    (line,) = checked(history(a_spec(target=0.5), MIXED, drawn=8))["layout"]["shapes"]
    assert (line["y0"], line["y1"]) == (0.5, 0.5)


@pytest.mark.parametrize(("goal", "sign"), [("minimize", 1), ("maximize", -1)])
def test_what_is_far_worse_leaves_the_view_and_is_counted(goal: str, sign: int) -> None:
    trials = [*(a_trial(i, sign * (1 + i / 10)) for i in range(20)), a_trial(20, sign * 1e6), a_trial(21, sign * 1e9)]
    figure = checked(history(a_spec(goal=goal), trials, drawn=22))
    low, high = figure["layout"]["yaxis"]["range"]
    assert [low <= trial.value <= high for trial in trials if trial.value is not None] == [True] * 20 + [False] * 2
    assert notes(figure) == ["2 of 22 dots are far worse and out of view; double-click shows them"]
    assert len(named(figure, "completed")[0]["x"]) == 22


def test_a_slice_is_over_the_scale_of_its_parameter_and_shows_when_a_trial_was_drawn() -> None:
    trials = [a_trial(0, 1.0), a_trial(9, 2.0, hparams={"beta": 0.999}), a_trial(5, None, "failed")]
    figure = checked(slice_(a_spec(), varying_axes(a_spec())["beta"], trials, drawn=10))
    (done,) = named(figure, "completed")
    assert list(zip(done["x"], done["y"], done["marker"]["color"], strict=True)) == [
        (pytest.approx(2.0), 1.0, 0.0),
        (pytest.approx(3.0), 2.0, 9.0),
    ]
    assert named(figure, "failed")[0]["yaxis"] == "y2"
    assert figure["layout"]["xaxis"]["title"] == {"text": "beta"}


def test_a_contour_lays_trials_over_the_surface_and_says_what_it_is() -> None:
    axes, spec = varying_axes(a_spec()), a_spec()
    surface = Surface(x=[0.001, 0.1], y=[0.9, 0.99], z=[[1.0, None], [2.0, 3.0]], seen=17)
    figure = checked(contour(spec, axes["rate"], axes["beta"], MIXED, surface))
    below = figure["data"][0]
    assert (below["type"], below["x"], below["y"]) == ("contour", [0.001, 0.1], pytest.approx([1.0, 2.0]))
    assert below["hovertext"][0] == ["about 1 loss<br>rate 0.001<br>beta 0.9", ""]
    assert "a Gaussian process of 17 results" in notes(figure)[0]
    assert named(figure, "failed")[0]["customdata"] == ["t2"]


def test_between_the_values_of_a_choice_a_surface_shows_nothing() -> None:
    axes, spec = varying_axes(a_spec()), a_spec()
    surface = Surface(x=[0.001, 0.1], y=["plain", "<b>", "a&b"], z=[[1.0, 2.0]] * 3, seen=12)
    figure = checked(contour(spec, axes["rate"], axes["kind"], MIXED, surface))
    assert (figure["data"][0]["type"], figure["data"][0]["y"]) == ("heatmap", [0, 1, 2])
    assert "&lt;b&gt;" in figure["data"][0]["hovertext"][1][0]
    few = checked(contour(spec, axes["rate"], axes["kind"], MIXED, None))
    assert notes(few) == ["too few results for a surface"]


def test_bias_and_variance_are_of_the_error_where_it_is_known() -> None:
    both = {"train_error": 0.1, "dev_error": 0.2, "train_loss": 5.0, "dev_loss": 6.0}
    trials = [a_trial(0, 1.0, metrics=both), a_trial(1, 2.0, metrics={"dev_error": 0.5}), a_trial(2, None, "failed")]
    figure = checked(bias_variance(a_spec(metric="dev_loss"), trials))
    (done,) = named(figure, "completed")
    assert (done["x"], done["y"]) == ([0.1], [0.2])
    assert figure["layout"]["xaxis"]["title"] == {"text": "train_error"}
    assert named(figure, "as good on both")[0]["x"] == [0.1, 0.2]


def test_bias_and_variance_are_otherwise_of_the_searchs_own_metric() -> None:
    trials = [a_trial(0, 0.9, metrics={"train_accuracy": 0.95, "val_accuracy": 0.9})]
    figure = checked(bias_variance(a_spec(metric="val_accuracy", goal="maximize"), trials))
    assert figure["layout"]["yaxis"]["title"] == {"text": "val_accuracy"}
    without = checked(bias_variance(a_spec(), MIXED))
    assert "train_error and dev_error" in notes(without)[0].replace("<br>", " ")


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_values_and_ranges_as_large_as_floats_are_make_a_figure_that_json_can_say(goal: str) -> None:
    largest = sys.float_info.max
    space = {"wide": {"low": 0, "high": largest}, "tiny": {"low": 5e-324, "high": largest, "scale": "log"}}
    spec = a_spec(space=space, goal=goal)
    values = [*([largest, -largest] * 20), *(float(i) for i in range(20)), *([1e300] * 30)]
    at: dict[str, Any] = {"hyperparameters": {"wide": largest, "tiny": 5e-324}}
    trials = [a_trial(i, v, metrics={"train_error": v, "dev_error": -v}, **at) for i, v in enumerate(values)]
    axes = varying_axes(spec)
    for figure in (
        history(spec, trials, drawn=90),
        slice_(spec, axes["wide"], trials, drawn=90),
        contour(spec, axes["wide"], axes["tiny"], trials, None),
        bias_variance(spec, trials),
        zoom(spec, [], trials, drawn=90),
    ):
        assert json.dumps(checked(figure), allow_nan=False)
