"""The workers of this machine: one process each, started again when it dies."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Self

from caviar.processes import Process, ending, is_running, start, stop

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_HEALTHY_SECONDS = 60.0
"""A worker that lived so long did not die of a cause that would kill its successor at once."""


@dataclass
class _Place:
    process: Process
    started_at: float
    pause: float = _FIRST_PAUSE
    restart_at: float | None = None


class Crew:
    """So many workers for the server at `url`; they end with the `with`."""

    def __init__(
        self, url: str, size: int, *, settings: Mapping[str, str] | None = None, log: IO[str] | None = None
    ) -> None:
        self._url = url
        self._settings = settings
        self._log = log
        self._places: list[_Place] = []
        self._size = size

    def __enter__(self) -> Self:
        for _ in range(self._size):
            self._places.append(_Place(self._start(), time.monotonic()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop(place.process for place in self._places)

    def _start(self) -> Process:
        return start("worker", self._url, settings=self._settings, log=self._log)

    def tend(self, now: float) -> Iterator[str]:
        """Notice who died, start again whose pause is over; a sentence for each. `now` is time.monotonic()."""
        for place in self._places:
            if place.restart_at is not None and now >= place.restart_at:
                place.process, place.started_at, place.restart_at = self._start(), now, None
            elif place.restart_at is None and not is_running(place.process):
                pause = _FIRST_PAUSE if now - place.started_at > _HEALTHY_SECONDS else place.pause
                place.restart_at, place.pause = now + pause, min(2 * pause, _LONGEST_PAUSE)
                yield f"a worker {ending(place.process)}; another starts in {pause:g} s"


def one_per_core() -> int:
    """The cores this process may use, which in a container are fewer than the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
