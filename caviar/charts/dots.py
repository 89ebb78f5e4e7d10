"""Trials as dots: the better, the stronger the colour; how a trial ended is told by its shape."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from caviar.charts import style
from caviar.charts.figure import Trace
from caviar.charts.text import number, plain
from caviar.spec import SearchSpec
from caviar.states import OPEN_STATES, Goal, Origin, TrialState
from caviar.wire.charts import SampledTrial

OPEN, DIVERGED = "queued or running", "diverged"
SYMBOLS = {
    OPEN: "circle-open",
    TrialState.CANCELLED.value: "line-ew-open",
    TrialState.FAILED.value: "x-thin-open",
    DIVERGED: "asterisk-open",
    TrialState.STOPPED.value: "triangle-left",
    TrialState.COMPLETED.value: "circle",
}
"""By kind, in the order in which they are drawn: the last lie on top."""
_LINES = {OPEN: 1, TrialState.CANCELLED.value: 1.5, TrialState.FAILED.value: 1.5, DIVERGED: 1.5}
"""Symbols without a face are drawn by their lines."""
_SIZE, _BEST_SIZE = 6.0, 11.0


def kind(trial: SampledTrial) -> str:
    if trial.state in OPEN_STATES:
        return OPEN
    return DIVERGED if trial.diverged else trial.state.value


def shades(trials: Iterable[SampledTrial], *, goal: Goal) -> dict[str, float]:
    """By id, from 0, the worst, to 1, the best of those that have a value; equal values are equal."""
    values = {trial.id: trial.value for trial in trials if trial.value is not None}
    ranks = {value: i for i, value in enumerate(sorted(set(values.values()), reverse=goal is Goal.MINIMIZE))}
    last = max(len(ranks) - 1, 1)
    return {id_: ranks[value] / last if len(ranks) > 1 else 1.0 for id_, value in values.items()}


def dots(
    trials: Sequence[SampledTrial],
    places: Callable[[SampledTrial], tuple[float, float]],
    *,
    colours: Mapping[str, float],
    hover: Callable[[SampledTrial], str],
    **trace: Any,
) -> list[Trace]:
    """A trace per kind of trial. `colours`: by id, on the axis of colours; others have the colour of their kind.

    `customdata` of a dot is its trial's id.
    """
    by_kind: dict[str, list[SampledTrial]] = {name: [] for name in SYMBOLS}
    for trial in sorted(trials, key=lambda trial: colours.get(trial.id, -1.0)):
        by_kind[kind(trial)].append(trial)
    return [
        _trace(name, found, places, colours=colours) | {"hovertext": [hover(trial) for trial in found]} | trace
        for name, found in by_kind.items()
        if found
    ]


def _trace(
    name: str,
    trials: Sequence[SampledTrial],
    places: Callable[[SampledTrial], tuple[float, float]],
    *,
    colours: Mapping[str, float],
) -> Trace:
    at = [places(trial) for trial in trials]
    marker: dict[str, Any] = {
        "symbol": SYMBOLS[name],
        "size": _SIZE,
        "opacity": 0.9,
        "line": {"width": _LINES.get(name, 0)},
    }
    if all(trial.id in colours for trial in trials):
        shade = [colours[trial.id] for trial in trials]
        marker |= {"color": shade, "coloraxis": "coloraxis"}
    else:
        marker["color"] = style.KEYS.get(name, style.OPEN)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "legendgroup": name,
        "showlegend": False,
        "x": [x for x, _ in at],
        "y": [y for _, y in at],
        "customdata": [trial.id for trial in trials],
        "hoverinfo": "text",
        "marker": marker,
    }


def grow_best(traces: Iterable[Trace]) -> None:
    """The best are larger too; only where colour tells how good a trial is."""
    for trace in traces:
        marker = trace["marker"]
        if "coloraxis" in marker:
            marker["size"] = [round(_SIZE + (_BEST_SIZE - _SIZE) * shade**12, 1) for shade in marker["color"]]


def keys(traces: Iterable[Trace]) -> list[Trace]:
    """The legend: an entry for each kind of trial there is, in a colour of its own, however many traces show it."""
    shown = {trace["name"] for trace in traces}
    nowhere = {"type": "scatter", "mode": "markers", "x": [None], "y": [None], "hoverinfo": "skip"}
    return [
        nowhere | {"name": name, "legendgroup": name, "marker": _key(name)}
        for name in reversed(SYMBOLS)
        if name in shown
    ]


def _key(name: str) -> dict[str, Any]:
    colour = style.KEYS.get(name, style.OPEN)
    return {"symbol": SYMBOLS[name], "size": _SIZE + 2, "color": colour, "line": {"width": _LINES.get(name, 0)}}


def told(trial: SampledTrial, spec: SearchSpec, *further: str) -> str:
    """A dot's hover: which trial, what became of it, and what a chart adds."""
    again = "" if trial.origin is Origin.SAMPLED else f", {trial.origin.value}"
    value = kind(trial) if trial.value is None else f"{plain(spec.metric)} {number(trial.value)}"
    ended = " (stopped)" if trial.state is TrialState.STOPPED else ""
    return "<br>".join([f"trial {trial.number}, round {trial.round}{again}", f"{value}{ended}", *further])


def shade_axis() -> dict[str, Any]:
    """The colours from the worst to the best."""
    bar = {"tickvals": [0, 1], "ticktext": ["worst", "best"], "thickness": 10, "len": 0.5, "outlinewidth": 0}
    return {"colorscale": style.SHADES, "cmin": 0, "cmax": 1, "colorbar": bar}
