"""The server's clock."""

from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Self

import pytest

from service.clock import Clock

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Machine:
    """A computer whose clock a person, or a time server, may turn."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.ticks, self.shown = 0, NOON
        machine = self

        class Shown(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                at = machine.shown
                return cls(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, tzinfo=tz)

        patch.setattr("service.clock.datetime", Shown)
        patch.setattr("service.clock.time", SimpleNamespace(monotonic_ns=lambda: self.ticks))

    def wait(self, seconds: float) -> None:
        self.ticks += round(seconds * 1e9)
        self.shown += timedelta(seconds=seconds)

    def turn(self, hours: float) -> None:
        self.shown += timedelta(hours=hours)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_it_shows_utc() -> None:
    before = datetime.now(UTC)
    now = Clock().now()
    assert before <= now <= datetime.now(UTC) + timedelta(seconds=1)
    assert now.utcoffset() == timedelta(0)


def test_it_goes_as_the_machine_goes(machine: Machine) -> None:
    clock = Clock()
    assert clock.now() == NOON
    machine.wait(1.5)
    assert clock.now() == NOON + timedelta(seconds=1.5)
    machine.turn(1)
    assert clock.now() == NOON + timedelta(hours=1, seconds=1.5)


def test_it_goes_on_at_its_own_pace_when_the_machine_is_turned_back_until_it_is_overtaken(machine: Machine) -> None:
    clock = Clock()
    machine.turn(-1)
    shown = []
    for _ in range(4):
        machine.wait(0.25)
        shown.append(clock.now() - NOON)
    assert shown == [timedelta(seconds=0.25 * turn) for turn in (1, 2, 3, 4)]
    machine.turn(2)
    assert clock.now() == machine.shown == NOON + timedelta(hours=1, seconds=1)


def test_readings_in_quick_succession_lose_no_time(machine: Machine) -> None:
    clock = Clock()
    machine.turn(-1)
    for _ in range(1000):
        machine.ticks += 700  # nanoseconds
        clock.now()
    assert clock.now() - NOON == timedelta(microseconds=700)
