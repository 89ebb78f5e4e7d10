"""The three scales on which hyperparameters are drawn, as maps between a value and the unit interval.

u is uniform in [0, 1); low and high bound the value x.

    linear       x = low + u (high - low)
    log          x = 10^r,      r uniform between log10(low) and log10(high)
    reverse_log  x = 1 - 10^r,  r uniform between log10(1 - low) and log10(1 - high)

On reverse_log 0.9 … 0.999 spreads 1 - x over 0.1 … 0.001.
Every map rises with u and is the inverse of its partner up to rounding; results are clipped into [low, high].
"""

import math
from enum import StrEnum


class Scale(StrEnum):
    LINEAR = "linear"
    LOG = "log"
    REVERSE_LOG = "reverse_log"


def _warp(x: float, scale: Scale) -> float:
    if scale is Scale.LOG:
        return math.log10(x)
    if scale is Scale.REVERSE_LOG:
        return -math.log10(1.0 - x)
    return x


def _unwarp(r: float, scale: Scale) -> float:
    if scale is Scale.LOG:
        try:
            return float(10.0**r)
        except OverflowError:  # r was rounded up at the largest number there is
            return math.inf
    if scale is Scale.REVERSE_LOG:
        return float(1.0 - 10.0**-r)
    return r


def from_unit(u: float, *, low: float, high: float, scale: Scale) -> float:
    """The value at position u of the range, 0 giving low and 1 giving high."""
    start, end = _warp(low, scale), _warp(high, scale)
    return min(max(_unwarp(start + u * (end - start), scale), low), high)


def to_unit(x: float, *, low: float, high: float, scale: Scale) -> float:
    """The position of x in the range; values outside are clipped to its ends."""
    start, end = _warp(low, scale), _warp(high, scale)
    if not start < end:  # low and high are so near that the scale cannot tell them apart
        return 0.0
    return min(max((_warp(min(max(x, low), high), scale) - start) / (end - start), 0.0), 1.0)
