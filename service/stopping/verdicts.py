"""Why a trial was stopped, in a sentence for the user who reads it."""

import math

from service.stopping.interface import Cutoff, Entry, Rule


def told(rule: Rule, entry: Entry, cutoff: Cutoff, *, step: int) -> str:
    """Entry and cutoff as the user measures them, not as scores.

    `step` is the deciding report's: the rung itself or, where no report fell on it, the next one after it.
    """
    where = f"step {step}" if step == entry.rung else f"step {step}, past rung {entry.rung}"
    why = rule.sentence.format(value=_shown(entry.score), cutoff=_shown(cutoff.score), trials=cutoff.trials)
    return f"stopped by {rule.name} at {where}: {why}"


def _shown(value: float) -> str:
    # Adding 0.0 makes of -0.0, the score of a maximized 0, what the user reported.
    return f"{value + 0.0:.6g}" if math.isfinite(value) else "a value that is not finite"
