"""What clients of the rig saw: one file per process, one line per event, written before anything else happens.

A line is appended by one system call, so that kill -9 of its writer loses no event but the one it was about to write.
Times are CLOCK_MONOTONIC's, which all processes of a machine share.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class History:
    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, kind: str, **fields: Any) -> None:
        line = json.dumps({"kind": kind, "at": time.monotonic(), **fields}) + "\n"
        os.write(self._file, line.encode())

    def close(self) -> None:
        os.close(self._file)


def read(folder: Path) -> list[Event]:
    """Every event of every file, by time. A last line that its writer could not end is left out."""
    return sorted((event for path in folder.glob("*.jsonl") for event in _events(path)), key=lambda event: event["at"])


def _events(path: Path) -> Iterator[Event]:
    for line in path.read_text().splitlines(keepends=True):
        if line.endswith("\n"):
            yield {"client": path.stem, **json.loads(line)}
