"""The zoom made visible: for each parameter, on its own scale, the boxes of the rounds narrowing over the trials."""

from collections.abc import Sequence
from typing import Any

from caviar.charts import style
from caviar.charts.axes import ParameterAxis, varying_axes
from caviar.charts.dots import dots, grow_best, keys, shade_axis, shades, told
from caviar.charts.figure import Figure, Trace, above, empty, figure
from caviar.charts.text import paragraph, plain, shown
from caviar.spec import SearchSpec
from caviar.wire.charts import SampledTrial
from caviar.wire.searches import Round

MOST_PANELS = 8
_PANEL, _GAP, _TOP, _BOTTOM = 110, 34, 40, 50
"""Pixels."""
_MOST_EDGED = 60
"""The edges of more boxes than these would hide what is in them."""


def zoom(
    spec: SearchSpec,
    rounds: Sequence[Round],
    trials: Sequence[SampledTrial],
    *,
    drawn: int,
    parameters: Sequence[str] | None = None,
) -> Figure:
    """A panel per parameter: of `parameters`, or of the first of the space.

    `drawn`: how many trials the search has. Where not every round is given, a box reaches to the next one that is.
    """
    axes = varying_axes(spec)
    chosen = [axes[name] for name in parameters or axes][:MOST_PANELS]
    if not chosen:
        return empty("zoom", "No parameter of this space varies, so there is nothing to zoom into.")
    if not trials:
        return empty("zoom", "The zoom shows as soon as the first trials are drawn.")
    colours = shades(trials, goal=spec.goal)
    height = len(chosen) * (_PANEL + _GAP)
    data: list[Trace] = []
    layout: dict[str, Any] = {"annotations": []}
    for row, axis in enumerate(chosen):
        y = "y" if row == 0 else f"y{row + 1}"
        top = 1 - (row * (_PANEL + _GAP) + _GAP) / height
        data += _bands(axis, rounds, drawn=drawn, yaxis=y)
        data += _dots(spec, axis, trials, colours, yaxis=y)
        layout[y.replace("y", "yaxis")] = axis.layout(is_named=False) | {
            "domain": [max(top - _PANEL / height, 0.0), top]
        }
        layout["annotations"].append(above(f"<b>{plain(axis.name)}</b>  {axis.scale}", y=top))
    marks = [trace for trace in data if trace["type"] == "scatter"]
    grow_best(marks)
    data += keys(marks)
    layout |= {
        "xaxis": {"title": {"text": "trial"}, "anchor": y, "range": [-1, max(drawn, 1)], "zeroline": False},
        "coloraxis": shade_axis(),
        "barmode": "overlay",
        "showlegend": True,
        "height": height + _TOP + _BOTTOM,
        "margin": {"l": 70, "r": 20, "t": _TOP, "b": _BOTTOM},
    }
    return figure("zoom", data, **layout)


def _bands(axis: ParameterAxis, rounds: Sequence[Round], *, drawn: int, yaxis: str) -> list[Trace]:
    """The boxes as bars that stand on their lower side, each as wide as the trials that it covers."""
    ends = [later.first for later in rounds[1:]] + [drawn] * bool(rounds)
    bars = [
        (round_, end, low, high)
        for round_, end in zip(rounds, ends, strict=True)
        if axis.name in round_.box and end > round_.first
        for low, high in axis.spans(round_.box[axis.name])
    ]
    if not bars:
        return []
    return [
        {
            "type": "bar",
            "name": "box of a round",
            "showlegend": False,
            "yaxis": yaxis,
            "x": [(round_.first + end - 1) / 2 for round_, end, _, _ in bars],
            "width": [end - round_.first for round_, end, _, _ in bars],
            "base": [low for _, _, low, _ in bars],
            "y": [high - low for _, _, low, high in bars],
            "hoverinfo": "text",
            "hovertext": [_reason(axis, round_, end) for round_, end, _, _ in bars],
            "textposition": "none",
            "marker": {
                "color": style.BAND,
                "line": {"color": style.BAND_EDGE, "width": int(len(rounds) <= _MOST_EDGED)},
            },
        }
    ]


def _reason(axis: ParameterAxis, round_: Round, end: int) -> str:
    last = round_.first + round_.size - 1
    until = f", drawn up to trial {end - 1}" if end - 1 > last else ""
    head = f"<b>round {round_.round}</b>: trials {round_.first} – {last}{until}"
    return "<br>".join([head, f"{plain(axis.name)}: {axis.told(round_.box[axis.name])}", paragraph(round_.reason)])


def _dots(
    spec: SearchSpec, axis: ParameterAxis, trials: Sequence[SampledTrial], colours: dict[str, float], *, yaxis: str
) -> list[Trace]:
    """Of the trials in which the parameter is active."""
    name = axis.name

    def place(trial: SampledTrial) -> tuple[float, float]:
        return trial.number, axis.place(trial.hyperparameters[name])

    def hover(trial: SampledTrial) -> str:
        return told(trial, spec, f"{plain(name)} {shown(trial.hyperparameters[name])}")

    active = [trial for trial in trials if name in trial.hyperparameters]
    return dots(active, place, colours=colours, hover=hover, yaxis=yaxis)
