"""What a check has found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """`detail`: what is so, in a sentence; `advice`: what to do about it, for all that is not ok."""

    check: str
    level: Level
    detail: str
    advice: str | None = None


def ok(check: str, detail: str) -> Finding:
    return Finding(check, Level.OK, detail)


def warning(check: str, detail: str, advice: str) -> Finding:
    return Finding(check, Level.WARNING, detail, advice)


def problem(check: str, detail: str, advice: str) -> Finding:
    return Finding(check, Level.PROBLEM, detail, advice)
