"""The workers of a run: so many places, each with a process that is replaced at once when it ends."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Collection
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bench.chaos.worker import Post, work

LONGEST_DRAIN_SECONDS = 20.0


@dataclass
class Harm:
    """What was done to a worker, when it began and, of a pause, when it was over (time.monotonic)."""

    kind: str
    worker: str
    at: float
    until: float | None = None


@dataclass
class Place:
    number: int
    process: ForkServerProcess
    name: str
    harm: Harm | None = None
    """What is being done to it."""
    paused_until: float | None = None
    draining_since: float | None = None

    @property
    def is_quiet(self) -> bool:
        """No fault is under way here."""
        return self.paused_until is None and self.draining_since is None


class Fleet:
    def __init__(
        self, url: str, folder: Path, *, count: int, capacity: int, heartbeat_seconds: float, chance: random.Random
    ) -> None:
        self._url, self._folder, self._capacity = url, folder, capacity
        self._heartbeat_seconds, self._chance = heartbeat_seconds, chance
        # Forked from a process that has loaded everything, so that a killed worker is replaced in milliseconds.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["bench.chaos.worker"])
        self._started = 0
        self.harms: list[Harm] = []
        self.drain_seconds: list[float] = []
        self.crashes: list[str] = []
        """Workers that ended though nobody asked them to."""
        self.places = [Place(number, *self._start(number)) for number in range(count)]

    def _start(self, number: int) -> tuple[ForkServerProcess, str]:
        name = f"worker-{number}-{self._started}"
        self._started += 1
        post = Post(
            self._url, name, self._folder, self._chance.getrandbits(32), self._capacity, self._heartbeat_seconds
        )
        process = self._context.Process(target=work, args=(post,), name=name)
        process.start()
        return process, name

    def _replace(self, place: Place) -> None:
        place.process.join()
        place.process.close()
        place.process, place.name = self._start(place.number)
        place.harm = place.paused_until = place.draining_since = None

    def _victim(self, busy: Collection[str]) -> Place | None:
        quiet = [place for place in self.places if place.is_quiet]
        return self._chance.choice([place for place in quiet if place.name in busy] or quiet) if quiet else None

    def _harmed(self, kind: str, busy: Collection[str]) -> Place | None:
        """A place to which this happens now; None where every worker suffers something else already."""
        place = self._victim(busy)
        if place is not None:
            place.harm = Harm(kind, place.name, time.monotonic())
            self.harms.append(place.harm)
        return place

    def kill(self, busy: Collection[str]) -> bool:
        """kill -9 of one worker, of the busy ones if there are any. False where none can be chosen now."""
        if (place := self._harmed("kill", busy)) is None:
            return False
        place.process.kill()
        self._replace(place)
        return True

    def pause(self, busy: Collection[str], *, seconds: float) -> bool:
        if (place := self._harmed("pause", busy)) is None:
            return False
        assert place.process.pid is not None
        os.kill(place.process.pid, signal.SIGSTOP)
        place.paused_until = time.monotonic() + seconds
        return True

    def terminate(self, busy: Collection[str]) -> bool:
        if (place := self._harmed("term", busy)) is None:
            return False
        place.process.terminate()
        place.draining_since = time.monotonic()
        return True

    def tend(self) -> None:
        """Wake who was paused long enough, and replace who has ended. Call it often."""
        now = time.monotonic()
        for place in self.places:
            if place.paused_until is not None and place.paused_until <= now:
                self._wake(place)
            elif not place.process.is_alive():
                if place.draining_since is None or place.process.exitcode != 0:
                    self.crashes.append(f"{place.name} ended with exit code {place.process.exitcode}")
                else:
                    self.drain_seconds.append(now - place.draining_since)
                self._replace(place)
            elif place.draining_since is not None and now - place.draining_since > LONGEST_DRAIN_SECONDS:
                self.crashes.append(f"{place.name} did not end within {LONGEST_DRAIN_SECONDS:g} s of SIGTERM")
                place.process.kill()
                self._replace(place)

    def _wake(self, place: Place) -> None:
        assert place.process.pid is not None
        assert place.harm is not None
        os.kill(place.process.pid, signal.SIGCONT)
        place.harm.until = time.monotonic()
        place.harm = place.paused_until = None

    def wake_all(self) -> None:
        for place in self.places:
            if place.paused_until is not None:
                self._wake(place)

    def close(self) -> None:
        """SIGTERM for all, then SIGKILL."""
        self.wake_all()
        for place in self.places:
            place.process.terminate()
        deadline = time.monotonic() + LONGEST_DRAIN_SECONDS
        for place in self.places:
            place.process.join(max(deadline - time.monotonic(), 0.1))
            if place.process.is_alive():
                self.crashes.append(f"{place.name} did not end within {LONGEST_DRAIN_SECONDS:g} s of SIGTERM")
                place.process.kill()
                place.process.join()
