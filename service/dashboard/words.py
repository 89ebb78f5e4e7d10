"""Values as they stand on a page."""

import json
import math
from datetime import datetime
from typing import Any

NOTHING = "–"


def number(value: Any) -> str:
    """A hyperparameter or a metric; a dash for what is not there."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        # Five digits keep 0.9991 and 0.9995 of a reverse_log scale apart; 1.23e-05 is as telling with three.
        words = f"{value:.5g}"
        return f"{value:.3g}" if "e" in words else words
    if isinstance(value, int | str):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def count(value: int) -> str:
    """50000 as 50,000."""
    return f"{value:,}"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return NOTHING
    whole = math.ceil(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} days"


def moment(at: datetime | None) -> str:
    return NOTHING if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def ago(at: datetime | None, now: datetime) -> str:
    return NOTHING if at is None else f"{duration(max((now - at).total_seconds(), 0.0))} ago"


def percent(fraction: float) -> str:
    """Never 100 % before the end."""
    return f"{math.floor(fraction * 100)} %"
