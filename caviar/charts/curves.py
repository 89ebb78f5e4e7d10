"""Learning curves: the leaders' in colour, those of stopped trials thin behind them, those of running ones dotted."""

from collections.abc import Sequence

from caviar.charts import style
from caviar.charts.figure import Figure, Trace, empty, figure, title
from caviar.charts.text import number, plain
from caviar.charts.values import in_view
from caviar.spec import SearchSpec
from caviar.states import Goal, TrialState
from caviar.wire.charts import Curve


def curves(spec: SearchSpec, found: Sequence[Curve]) -> Figure:
    """Curves without a rank are drawn behind."""
    told = [curve for curve in found if curve.points]
    if not told:
        return empty("curves", f"Curves show as soon as trials report {spec.metric} step by step.")
    behind = [_behind(curve) for curve in told if curve.rank is None]
    leading = [_leading(curve, curve.rank) for curve in reversed(told) if curve.rank is not None]
    groups = set[str]()
    for trace in behind:
        trace["showlegend"] = trace["name"] not in groups
        groups.add(trace["name"])
    values = [value for curve in told for _, value in curve.points]
    shown = in_view(values, is_lower_better=spec.goal is Goal.MINIMIZE)
    yaxis = {"title": title(spec.metric)} | ({} if shown is None else {"range": shown})
    for trace in (*behind, *leading):
        trace["hovertext"] = [
            f"{trace['hovertext']}<br>step {x}: {plain(spec.metric)} {number(y)}"
            for x, y in zip(trace["x"], trace["y"], strict=True)
        ]
    legend = {"orientation": "v", "x": 1.02, "y": 1, "xanchor": "left", "yanchor": "top", "traceorder": "reversed"}
    xaxis = {"title": {"text": "step"}, "zeroline": False}
    return figure("curves", [*behind, *leading], xaxis=xaxis, yaxis=yaxis, showlegend=True, legend=legend)


def _leading(curve: Curve, rank: int) -> Trace:
    is_best = rank == 1
    line = {"color": style.CURVES[(rank - 1) % len(style.CURVES)], "width": 3 if is_best else 1.5}
    head = f"<b>number {rank}</b>, trial {curve.number}"
    return _line(curve) | {"name": f"{rank}: trial {curve.number}", "line": line, "hovertext": head}


def _behind(curve: Curve) -> Trace:
    is_running = curve.state is TrialState.RUNNING
    line = {"color": style.FAINT, "width": 1} | ({"dash": "dot", "color": style.OPEN} if is_running else {})
    name = curve.state.value
    return _line(curve) | {
        "name": name,
        "legendgroup": name,
        "line": line,
        "hovertext": f"trial {curve.number}, {name}",
    }


def _line(curve: Curve) -> Trace:
    """A single point would be no line."""
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(curve.points) == 1 else "lines",
        "x": [step for step, _ in curve.points],
        "y": [value for _, value in curve.points],
        "customdata": [curve.trial] * len(curve.points),
        "hoverinfo": "text",
        "marker": {"size": 5},
    }
