"""Stopping rules by the name a spec gives them."""

from caviar.stopping import AshaStopping, MedianStopping, NoStopping
from service.stopping.asha import Asha
from service.stopping.interface import Rule
from service.stopping.median import Median


def rule_for(stopping: NoStopping | MedianStopping | AshaStopping) -> Rule | None:
    """None where nobody is stopped."""
    match stopping:
        case AshaStopping(eta=eta, min_steps=min_steps):
            return Asha(eta=eta, min_steps=min_steps)
        case MedianStopping(min_steps=min_steps, min_trials=min_trials):
            return Median(min_steps=min_steps, min_trials=min_trials)
        case _:
            return None
