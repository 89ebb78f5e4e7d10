"""What the checker calls a fault of the server, in the words of the contract."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    LOST = "lost"
    """Acknowledged, but absent or contradicted after settle."""
    DUPLICATED = "duplicated"
    """More than one accepted result or holder of a trial, or more trials than the budget."""
    UNEXPECTED = "unexpected"
    """A trial, metric or result that nobody asked for, or that is not what the function gives."""
    STUCK = "stuck"
    """Neither ended nor going to end."""


@dataclass(frozen=True)
class Finding:
    fault: Fault
    sentence: str
