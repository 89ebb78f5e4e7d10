"""Bias and variance: each trial's error on what it was trained with against that on the dev set.

On the diagonal both are equal. Far along it lies bias: the network does not even fit what it saw. Far off it lies
variance: it fits what it saw, and not the rest.
"""

import math
from collections.abc import Sequence

from caviar.charts import style
from caviar.charts.dots import dots, grow_best, keys, shade_axis, shades, told
from caviar.charts.figure import Figure, empty, figure, title
from caviar.charts.text import number, plain
from caviar.charts.values import in_view
from caviar.spec import SearchSpec
from caviar.states import Goal
from caviar.wire.charts import MeasuredTrial, SampledTrial

_TRAIN = "train_"
_DEVS = ("dev_", "val_", "valid_", "validation_")


def bias_variance(spec: SearchSpec, trials: Sequence[MeasuredTrial]) -> Figure:
    """Of the error, if it is reported on both; otherwise of the search's own metric."""
    pair = _pair(spec, trials)
    if pair is None:
        return empty(
            "bias_variance",
            "Bias and variance show as soon as trials have a metric on both sets, such as train_error and dev_error.",
        )
    train, dev = pair
    measured = [trial for trial in trials if _has_both(trial, train, dev)]
    at = {trial.id: (trial.metrics[train], trial.metrics[dev]) for trial in measured}

    def hover(trial: SampledTrial) -> str:
        own = (f"{plain(name)} {number(value)}" for name, value in zip(pair, at[trial.id], strict=True))
        return told(trial, spec, *own)

    marks = dots(measured, lambda trial: at[trial.id], colours=shades(measured, goal=spec.goal), hover=hover)
    grow_best(marks)
    is_lower_better = dev.endswith("_error") or spec.goal is Goal.MINIMIZE
    across, up = ([place[side] for place in at.values()] for side in (0, 1))
    low, high = min(*across, *up), max(*across, *up)
    diagonal = {
        "type": "scatter",
        "mode": "lines",
        "name": "as good on both",
        "x": [low, high],
        "y": [low, high],
        "line": {"color": style.OPEN, "width": 1, "dash": "dash"},
        "hoverinfo": "skip",
    }
    return figure(
        "bias_variance",
        [diagonal, *marks, *keys(marks)],
        xaxis=_axis(train, across, is_lower_better=is_lower_better),
        yaxis=_axis(dev, up, is_lower_better=is_lower_better),
        annotations=_corners(is_lower_better=is_lower_better),
        coloraxis=shade_axis(),
        showlegend=True,
    )


def _pair(spec: SearchSpec, trials: Sequence[MeasuredTrial]) -> tuple[str, str] | None:
    """The metrics' names: train and dev."""
    prefix = next((start for start in (_TRAIN, *_DEVS) if spec.metric.startswith(start)), "")
    for kind in ("error", spec.metric.removeprefix(prefix)):
        for dev in _DEVS:
            pair = _TRAIN + kind, dev + kind
            if any(_has_both(trial, *pair) for trial in trials):
                return pair
    return None


def _has_both(trial: MeasuredTrial, train: str, dev: str) -> bool:
    return all(math.isfinite(trial.metrics.get(name, math.nan)) for name in (train, dev))


def _axis(name: str, values: Sequence[float], *, is_lower_better: bool) -> dict[str, object]:
    shown = in_view(values, is_lower_better=is_lower_better)
    return {"title": title(name), "zeroline": False} | ({} if shown is None else {"range": shown})


def _corners(*, is_lower_better: bool) -> list[dict[str, object]]:
    """Which side of the diagonal is which."""
    frame = {"xref": "paper", "yref": "paper", "showarrow": False, "opacity": 0.7}
    variance = {"text": "variance: worse on dev than on train"}
    bias = {"text": "bias: bad on both"}
    if is_lower_better:
        at_variance = {"x": 0.01, "y": 0.99, "xanchor": "left", "yanchor": "top"}
        at_bias = {"x": 0.99, "y": 0.99, "xanchor": "right", "yanchor": "top"}
    else:
        at_variance = {"x": 0.99, "y": 0.01, "xanchor": "right", "yanchor": "bottom"}
        at_bias = {"x": 0.01, "y": 0.01, "xanchor": "left", "yanchor": "bottom"}
    return [frame | variance | at_variance, frame | bias | at_bias]
