"""The axis of the search's metric: what the best and the many reach is in view, and few outliers do not flatten it."""

import math
from collections.abc import Sequence
from typing import Any

from caviar.charts.figure import above, title
from caviar.spec import SearchSpec
from caviar.states import Goal

_FEWEST = 12
_REACH = 3.0
"""So many times as far from the better quartile as the worse quartile is: what lies beyond is out of view."""
_MARGIN = 0.05


def value_axis(spec: SearchSpec, values: Sequence[float]) -> dict[str, Any]:
    """As an axis of a Plotly layout; with a range only where outliers lie beyond it."""
    found = in_view(values, is_lower_better=spec.goal is Goal.MINIMIZE)
    return {"title": title(spec.metric)} | ({} if found is None else {"range": found})


def outliers_note(spec: SearchSpec, values: Sequence[float]) -> list[dict[str, Any]]:
    """The annotation that tells how many lie out of view; none where all are in view."""
    found = in_view(values, is_lower_better=spec.goal is Goal.MINIMIZE)
    if found is None:
        return []
    beyond = sum(not found[0] <= value <= found[1] for value in values)
    return [above(f"{beyond} of {len(values)} dots are far worse and out of view; double-click shows them", x=1.0)]


def in_view(values: Sequence[float], *, is_lower_better: bool) -> list[float] | None:
    """The range that leaves far worse values out; None where there are none."""
    if len(values) < _FEWEST:
        return None
    signed = sorted(value if is_lower_better else -value for value in values)
    better, worse = signed[len(signed) // 4], signed[3 * len(signed) // 4]
    limit = better + _REACH * (worse - better)
    if worse == better or signed[-1] <= limit:
        return None
    margin = _MARGIN * (limit - signed[0])
    low, high = signed[0] - margin, limit + margin
    if not (math.isfinite(low) and math.isfinite(high)):
        return None  # further apart than a double-precision number can tell
    return [low, high] if is_lower_better else [-high, -low]
