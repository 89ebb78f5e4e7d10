"""The zoom: each parameter on its scale, each box over its trials, each trial marked for what became of it."""

import math
from itertools import pairwise

import pytest

from caviar.charts.zoom import MOST_PANELS, zoom
from tests.caviar.charts.drawing import a_round, a_spec, a_trial, checked, named, notes

ROUNDS = [
    a_round(0),
    a_round(1, rate={"low": 1e-3, "high": 1e-1}, kind={"values": ["plain", "a&b"]}, reason="50% of <it>"),
]
TRIALS = [
    a_trial(0, 3.0),
    a_trial(1, 1.0, hparams={"rate": 0.5, "beta": 0.9, "layers": 4, "kind": "<b>", "deep": 0.25}),
    a_trial(2, None, "failed"),
    a_trial(3, None, diverged=True),
    a_trial(4, 2.0, "stopped"),
    a_trial(5, None, "cancelled"),
    a_trial(6, None, "running"),
]


def test_each_parameter_that_varies_has_a_panel_on_its_own_scale() -> None:
    figure = checked(zoom(a_spec(), ROUNDS, TRIALS, drawn=8))
    assert [note.split("</b>")[0] for note in notes(figure)] == [
        "<b>rate",
        "<b>beta",
        "<b>layers",
        "<b>kind",
        "<b>deep",
    ]
    layout = figure["layout"]
    assert (layout["yaxis"]["type"], layout["yaxis"]["range"]) == ("log", pytest.approx([-4.12, 0.12]))
    assert layout["yaxis2"]["ticktext"] == ["0.9", "0.95", "0.98", "0.99", "0.995", "0.998", "0.999"]
    assert layout["yaxis2"]["tickvals"][3] == pytest.approx(2.0)
    assert layout["yaxis4"]["ticktext"] == ["plain", "&lt;b&gt;", "a&amp;b"]
    domains = [layout[axis]["domain"] for axis in ("yaxis", "yaxis2", "yaxis3", "yaxis4", "yaxis5")]
    assert all(0 <= lower[1] < upper[0] for upper, lower in pairwise(domains))
    assert domains[-1][0] == pytest.approx(0, abs=1e-9)


def test_a_box_covers_its_trials_and_its_side_and_tells_why() -> None:
    figure = checked(zoom(a_spec(), ROUNDS, TRIALS, drawn=8, parameters=["rate"]))
    (bars,) = named(figure, "box of a round")
    assert (bars["x"], bars["width"]) == ([1.5, 5.5], [4, 4])
    assert bars["base"] == [1e-4, 1e-3]
    assert [base + height for base, height in zip(bars["base"], bars["y"], strict=True)] == pytest.approx([1.0, 0.1])
    assert bars["hovertext"][1] == "<b>round 1</b>: trials 4 – 7<br>rate: 0.001 – 0.1<br>50% of &lt;it&gt;"


def test_a_box_of_a_choice_has_a_part_for_values_that_are_not_neighbours() -> None:
    (bars,) = named(zoom(a_spec(), ROUNDS, TRIALS, drawn=8, parameters=["kind"]), "box of a round")
    assert list(zip(bars["base"], bars["y"], strict=True)) == [(-0.5, 3.0), (-0.5, 1.0), (1.5, 1.0)]


def test_on_a_reversed_log_a_value_stands_at_minus_the_log_of_what_is_missing_to_one() -> None:
    figure = zoom(a_spec(), ROUNDS, TRIALS, drawn=8, parameters=["beta"])
    (bars,) = named(figure, "box of a round")
    assert bars["base"] == pytest.approx([1.0, 1.0])
    assert bars["y"] == pytest.approx([2.0, 2.0])
    (done,) = named(figure, "completed")
    assert dict(zip(done["x"], done["y"], strict=True)) == pytest.approx({0: 2.0, 1: 1.0})


def test_every_trial_is_marked_for_what_became_of_it_and_the_best_stands_out() -> None:
    figure = checked(zoom(a_spec(), ROUNDS, TRIALS, drawn=8, parameters=["rate"]))
    kinds = ["completed", "stopped", "failed", "diverged", "cancelled", "queued or running"]
    assert [[id_ for trace in named(figure, kind) for id_ in trace["customdata"]] for kind in kinds] == [
        ["t0", "t1"], ["t4"], ["t2"], ["t3"], ["t5"], ["t6"],
    ]  # fmt: skip
    (done,) = named(figure, "completed")
    assert done["marker"]["color"] == [0.0, 1.0]
    assert done["marker"]["size"][1] > done["marker"]["size"][0]
    shown = [trace["name"] for trace in figure["data"] if trace.get("showlegend", True)]
    assert sorted(shown) == sorted(kinds)


@pytest.mark.parametrize("panels", range(1, MOST_PANELS + 1))
def test_any_number_of_panels_fills_the_paper(panels: int) -> None:
    names = [f"x{i}" for i in range(panels)]
    spec = a_spec(space={name: {"low": 0, "high": 1} for name in names})
    figure = checked(zoom(spec, [], [a_trial(0, 1.0, hyperparameters=dict.fromkeys(names, 0.5))], drawn=1))
    assert figure["layout"]["yaxis" if panels == 1 else f"yaxis{panels}"]["domain"][0] == pytest.approx(0, abs=1e-9)


def test_a_parameter_is_shown_where_it_is_active() -> None:
    figure = zoom(a_spec(), ROUNDS, TRIALS, drawn=8, parameters=["deep"])
    assert [trace["customdata"] for trace in named(figure, "completed")] == [["t1"]]
    assert named(figure, "failed") == []


def test_where_rounds_are_left_out_a_box_reaches_to_the_next_and_says_so() -> None:
    figure = zoom(a_spec(), [a_round(0), a_round(8)], TRIALS, drawn=40, parameters=["rate"])
    (bars,) = named(figure, "box of a round")
    assert (bars["width"], bars["x"]) == ([32, 8], [15.5, 35.5])
    assert bars["hovertext"][0].startswith("<b>round 0</b>: trials 0 – 3, drawn up to trial 31<br>")


def test_of_many_parameters_only_so_many_are_shown() -> None:
    spec = a_spec(space={f"x{i}": {"low": 0, "high": 1} for i in range(20)})
    trials = [a_trial(0, 1.0, hyperparameters={f"x{i}": 0.5 for i in range(20)})]
    figure = checked(zoom(spec, [], trials, drawn=1))
    assert len(notes(figure)) == MOST_PANELS


@pytest.mark.parametrize(
    ("space", "said"), [({"epochs": 5}, "No parameter of this space varies"), (None, "as soon as the first trials")]
)
def test_without_anything_to_show_it_says_what_is_awaited(space: dict[str, int] | None, said: str) -> None:
    figure = checked(zoom(a_spec() if space is None else a_spec(space=space), [], [], drawn=0))
    assert figure["data"] == []
    assert said in notes(figure)[0].replace("<br>", " ")


def test_the_goal_decides_which_is_the_best() -> None:
    (done,) = named(zoom(a_spec(goal="maximize"), ROUNDS, TRIALS, drawn=8, parameters=["rate"]), "completed")
    assert dict(zip(done["customdata"], done["marker"]["color"], strict=True)) == {"t0": 1.0, "t1": 0.0}
    assert not any(math.isnan(shade) for shade in done["marker"]["color"])
