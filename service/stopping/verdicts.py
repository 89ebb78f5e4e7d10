"""Why a trial was stopped, in a sentence for the user who reads it."""

import math

from service.stopping.interface import Cutoff, Entry, Rule


def told(rule: Rule, entry: Entry, cutoff: Cutoff, *, step: int) -> str:
    """Entry and cutoff as the user measures them, not as scores.

    `step` is the deciding report's: the rung itself or, where no report fell on it, the next one after it.
    """
    where = f"step {step}" if step == entry.rung else f"step {step}, past rung {entry.rung}"
    value, limit = _shown(entry.score), _shown(cutoff.score)
    if value == limit:
        value, limit = _shown(entry.score, form=""), _shown(cutoff.score, form="")
    why = rule.sentence.format(value=value, cutoff=limit, trials=cutoff.trials)
    return f"stopped by {rule.name} at {where}: {why}"


def _shown(value: float, *, form: str = ".6g") -> str:
    # Adding 0.0 makes of -0.0, the score of a maximized 0, what the user reported.
    return f"{value + 0.0:{form}}" if math.isfinite(value) else "a value that is not finite"
