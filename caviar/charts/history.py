"""The value of every trial by its number, and the best so far as a line."""

from collections.abc import Sequence
from typing import Any

from caviar.charts import style
from caviar.charts.dots import dots, grow_best, keys, shade_axis, shades, told
from caviar.charts.figure import Figure, Trace, empty, figure
from caviar.charts.strip import strip, strip_layout
from caviar.charts.text import number
from caviar.charts.values import outliers_note, value_axis
from caviar.spec import SearchSpec
from caviar.states import OPEN_STATES, Goal
from caviar.wire.charts import SampledTrial


def history(spec: SearchSpec, trials: Sequence[SampledTrial], *, drawn: int) -> Figure:
    """`drawn`: how many trials the search has. Trials that are queued or running have no place yet."""
    ended = [trial for trial in trials if trial.state not in OPEN_STATES]
    if not ended:
        return empty("history", "The history begins with the first result.")
    valued = [trial for trial in ended if trial.value is not None]
    others = [trial for trial in ended if trial.value is None]
    marks = dots(valued, _place, colours=shades(valued, goal=spec.goal), hover=lambda trial: told(trial, spec))
    grow_best(marks)
    without = strip(spec, others, lambda trial: trial.number)
    values = [trial.value for trial in valued if trial.value is not None]
    xaxis = {"title": {"text": "trial"}, "range": [-1, max(drawn, 1)], "zeroline": False}
    layout: dict[str, Any] = strip_layout(xaxis, value_axis(spec, values), is_used=bool(others)) | {
        "annotations": outliers_note(spec, values),
        "coloraxis": shade_axis(),
        "showlegend": True,
        "shapes": _target(spec),
    }
    return figure(
        "history", [*marks, *without, *keys([*marks, *without]), *_best_so_far(spec, valued, drawn=drawn)], **layout
    )


def _place(trial: SampledTrial) -> tuple[float, float]:
    assert trial.value is not None
    return trial.number, trial.value


def _best_so_far(spec: SearchSpec, valued: Sequence[SampledTrial], *, drawn: int) -> list[Trace]:
    """A step at each trial that is better than all with lower numbers."""
    steps: list[tuple[int, float]] = []
    for trial in sorted(valued, key=lambda trial: trial.number):
        assert trial.value is not None
        if not steps or ((trial.value < steps[-1][1]) is (spec.goal is Goal.MINIMIZE) and trial.value != steps[-1][1]):
            steps.append((trial.number, trial.value))
    if not steps:
        return []
    line = [*steps, (max(drawn - 1, steps[-1][0]), steps[-1][1])]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "best so far",
            "x": [at for at, _ in line],
            "y": [value for _, value in line],
            "line": {"shape": "hv", "color": style.BEST, "width": 2},
            "hoverinfo": "text",
            "hovertext": [f"best so far {number(value)}<br>from trial {at}" for at, value in steps]
            + [f"best so far {number(steps[-1][1])}<br>from trial {steps[-1][0]}"],
        }
    ]


def _target(spec: SearchSpec) -> list[dict[str, Any]]:
    if spec.target is None:
        return []
    line = {"color": style.OPEN, "width": 1, "dash": "dash"}
    label = {"text": f"target {number(spec.target)}", "textposition": "start"}
    across = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": spec.target, "y1": spec.target}
    return [across | {"line": line, "label": label}]
