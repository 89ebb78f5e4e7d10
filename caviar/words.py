"""Values as a person reads them."""

import json
import math
from collections.abc import Mapping
from typing import Any

from caviar.wire.searches import Best, Progress, Round, SearchAnswer


def value_words(value: Any) -> str:
    """A hyperparameter or a metric."""
    if isinstance(value, float):
        # Five digits keep 0.9991 and 0.9995 of a reverse_log scale apart; 1.23e-05 is as telling with three.
        words = f"{value:.5g}"
        return f"{value:.3g}" if "e" in words else words
    if isinstance(value, str) and value.isprintable():
        return value
    if isinstance(value, list):
        return " ".join(value_words(item) for item in value)
    # Escaped, so that no text of a spec can write control sequences to the terminal.
    return json.dumps(value)


def duration_words(seconds: float) -> str:
    whole = math.ceil(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def progress_words(progress: Progress) -> str:
    return f"{progress.finished}/{progress.trials} finished"


def best_words(best: Best | None) -> str:
    return f"{value_words(best.value)} (trial {best.number})" if best else "none yet"


def state_words(search: SearchAnswer) -> str:
    return f"{progress_words(search.progress)}, best {best_words(search.best)}"


def box_words(box: Mapping[str, Mapping[str, Any]]) -> str:
    """Where a round draws: `learning_rate 0.0012…0.021, batch_size 64|128`."""
    return ", ".join(f"{name} {side_words(side)}" for name, side in box.items())


def side_words(side: Mapping[str, Any]) -> str:
    if "values" in side:
        return "|".join(value_words(value) for value in side["values"])
    low, high = f"{side['low']:.4g}", f"{side['high']:.4g}"
    return low if low == high else f"{low}…{high}"


def round_words(stage: Round) -> str:
    return f"round {stage.round}: {box_words(stage.box)}"
