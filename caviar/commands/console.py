"""Where output goes: data to stdout, everything else to stderr."""

import contextlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

_instead: list[Callable[[str, bool], None]] = []


def say(line: str, *, is_error: bool = False) -> None:
    """Tell the person at the keyboard something; never data that a program reads."""
    if _instead:
        _instead[-1](line, is_error)
        return
    # Nobody may be left to listen: a closed terminal must not end the work that was only being told about.
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def log_instead(name: str) -> None:
    """From now on nobody sits at a keyboard: what would be said is logged, under this name."""
    import logging

    log = logging.getLogger(name)
    _instead.append(lambda line, is_error: log.log(logging.ERROR if is_error else logging.INFO, line))


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False), flush=True)


def can_redraw() -> bool:
    """Whether stderr is a terminal on which lines can be drawn over."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
