"""When a server clears away old reports."""

from dataclasses import replace

import pytest

from service import upkeep
from service.context import Service
from service.storage import tables
from service.upkeep import Upkeep
from tests.service.desk import Desk, SetClock, a_report

HOUR = 3600.0


@pytest.fixture
def desk(service: Service) -> Desk:
    return Desk(service.database)


def keeping(service: Service, days: float | None) -> Service:
    return replace(service, settings=service.settings.model_copy(update={"report_retention_days": days}))


def end_a_trial(desk: Desk, clock: SetClock, *, steps: int = 3) -> None:
    desk.now = clock.at
    desk.search()
    grant = desk.claim_one()
    desk.reports(*(a_report(grant, step, score=1.0) for step in range(1, steps + 1)))
    desk.finish(grant, score=1.0)


def reports(desk: Desk) -> int:
    with desk.database.read() as tx:
        return len(tx.execute(tables.report.select()).all())


def test_reports_go_after_the_days_of_the_settings(service: Service, desk: Desk, clock: SetClock) -> None:
    keeper = Upkeep(keeping(service, 2.0))
    end_a_trial(desk, clock)
    clock.wait(47 * HOUR)
    keeper.turn()
    assert reports(desk) == 3
    clock.wait(2 * HOUR)
    keeper.turn()
    assert reports(desk) == 0
    assert b"caviar_dropped_reports_total 3.0" in service.metrics.exposition()


def test_everything_is_kept_by_default(service: Service, desk: Desk, clock: SetClock) -> None:
    end_a_trial(desk, clock)
    clock.wait(10_000 * 24 * HOUR)
    Upkeep(service).turn()
    assert reports(desk) == 3


def test_it_rests_for_an_hour_when_it_has_seen_all(service: Service, desk: Desk, clock: SetClock) -> None:
    keeper = Upkeep(keeping(service, 2.0))
    end_a_trial(desk, clock)
    clock.wait(48 * HOUR - 60)
    keeper.turn()
    clock.wait(120)
    keeper.turn()
    assert reports(desk) == 3
    clock.wait(HOUR)
    keeper.turn()
    assert reports(desk) == 0


def test_a_turn_ends_early_and_the_next_one_goes_on(
    service: Service, desk: Desk, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MOST", 2)
    monkeypatch.setattr(upkeep, "BUSY_SECONDS", -1.0)
    keeper = Upkeep(keeping(service, 1.0))
    end_a_trial(desk, clock, steps=5)
    clock.wait(25 * HOUR)
    left = []
    for _ in range(3):
        keeper.turn()
        left.append(reports(desk))
    assert left == [3, 1, 0]
