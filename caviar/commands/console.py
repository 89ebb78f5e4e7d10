"""Where output goes: data to stdout, everything else to stderr."""

import contextlib
import json
import os
import sys
from typing import Any


def say(line: str) -> None:
    """Tell the person at the keyboard something; never data that a program reads."""
    # Nobody may be left to listen: a closed terminal must not end the work that was only being told about.
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False), flush=True)


def can_redraw() -> bool:
    """Whether stderr is a terminal on which lines can be drawn over."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
