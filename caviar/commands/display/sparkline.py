"""The best value so far as one line of bars, higher where better."""

import math
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
_WIDE = 100.0
"""Positive values that differ by such a factor are drawn on a log scale."""

Course = Sequence[tuple[int, float]]
"""(trials, best value) in the order of trials: the best after so many."""


def sparkline(course: Course, *, width: int, is_better_higher: bool) -> str:
    """At most `width` bars, each the best of the trials up to its end; the last one is as high as a bar gets."""
    known = [(trials, value) for trials, value in course if math.isfinite(value)]
    if not known:
        return ""
    heights = _heights([value for _, value in known], is_better_higher=is_better_higher)
    last = max(known[-1][0], 1)
    count = min(width, last)
    bars, at = [], 0
    for column in range(1, count + 1):
        while at + 1 < len(known) and known[at + 1][0] <= column * last / count:
            at += 1
        bars.append(BARS[heights[at]] if known[at][0] <= column * last / count else " ")
    return "".join(bars)


def _heights(values: Sequence[float], *, is_better_higher: bool) -> list[int]:
    low, high = min(values), max(values)
    is_log = low > 0 and high / low >= _WIDE
    scaled = [math.log(value) if is_log else value for value in values]
    start, span = min(scaled), max(scaled) - min(scaled)
    shares = [(value - start) / span if span > 0 else 1.0 for value in scaled]
    top = len(BARS) - 1
    return [round(top * (share if is_better_higher or not span else 1 - share)) for share in shares]
