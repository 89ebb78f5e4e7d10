"""A strip below the chart of a value, where trials that have none are marked: what failed is not left out."""

from collections.abc import Callable, Sequence
from typing import Any

from caviar.charts.dots import dots, told
from caviar.charts.figure import Trace
from caviar.spec import SearchSpec
from caviar.wire.charts import SampledTrial

_SHARE, _GAP = 0.06, 0.02


def strip(spec: SearchSpec, trials: Sequence[SampledTrial], across: Callable[[SampledTrial], float]) -> list[Trace]:
    """Trials without a value, each at its place across; on the axis y2."""
    return dots(
        trials, lambda trial: (across(trial), 0.0), colours={}, hover=lambda trial: told(trial, spec), yaxis="y2"
    )


def strip_layout(xaxis: dict[str, Any], yaxis: dict[str, Any], *, is_used: bool) -> dict[str, Any]:
    """Of a layout: its three axes."""
    if not is_used:
        return {"xaxis": xaxis, "yaxis": yaxis}
    return {
        "xaxis": xaxis | {"anchor": "y2"},
        "yaxis": yaxis | {"domain": [_SHARE + _GAP, 1.0]},
        "yaxis2": {"domain": [0.0, _SHARE], "visible": False, "range": [-1, 1], "fixedrange": True},
    }
