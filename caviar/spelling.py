"""The nearest valid name for a mistyped one."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """A sentence for the end of an error: the nearest valid name, or all of them when none is near and they are few."""
    choices = sorted(valid)
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    if len(choices) <= 12:
        return f"choose from {', '.join(choices)}"
    return f"there are {len(choices)} valid names, none of them near"
