"""Old reports go, results stay."""

from datetime import datetime, timedelta

import pytest

from service.storage import retention
from service.storage.claims import Grant
from tests.service.desk import Desk, a_report

DAY = timedelta(days=1)


def finished(desk: Desk, steps: int, *, search: int | None = None) -> Grant:
    """A trial that has ended, with a learning curve of so many reports."""
    search = search or desk.search()
    grant = desk.claim_one(search=search)
    desk.reports(*(a_report(grant, step, score=float(step)) for step in range(1, steps + 1)))
    desk.finish(grant, score=1.0)
    return grant


def clear(desk: Desk, *, before: datetime, most: int = 100) -> int:
    """Everything, in pieces of that size; how many reports that were."""
    position: int | None = 0
    deleted = 0
    while position is not None:
        with desk.database.read() as tx:
            piece = retention.look(tx, before=before, position=position, most=most)
        assert len(piece.reports) <= most
        with desk.database.write() as tx:
            deleted += retention.delete(tx, piece.reports)
        position = piece.position
    return deleted


def test_reports_of_trials_that_ended_before_go_and_their_results_stay(desk: Desk) -> None:
    old = finished(desk, 3)
    desk.wait(DAY.total_seconds())
    new = finished(desk, 2)
    assert clear(desk, before=desk.now - DAY / 2) == 3
    assert desk.curve(old.trial.id) == []
    assert len(desk.curve(new.trial.id)) == 2
    trial = desk.trial(old.search.id)
    assert (trial.value, trial.metrics) == (1.0, {"score": 1.0})


def test_what_runs_keeps_its_reports_however_old_they_are(desk: Desk) -> None:
    desk.search()
    grant = desk.claim_one()
    desk.report(grant, 1, score=1.0)
    assert clear(desk, before=desk.now + 100 * DAY) == 0
    assert len(desk.curve(grant.trial.id)) == 1


def test_lost_attempts_go_with_their_trial(desk: Desk) -> None:
    desk.search()
    lost = desk.claim_one()
    desk.report(lost, 1, score=9.0)
    desk.lose(lost)
    last = desk.claim_one()
    desk.report(last, 1, score=1.0)
    desk.finish(last)
    assert clear(desk, before=desk.now + DAY) == 2
    assert desk.trial(last.search.id).value == 1.0


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_pieces_leave_out_nothing(most: int, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "LOOK", 2)
    search = desk.search(queued=5)
    for steps in (3, 0, 4, 1, 2):
        finished(desk, steps, search=search)
    assert clear(desk, before=desk.now + DAY, most=most) == 10
    assert clear(desk, before=desk.now + DAY, most=most) == 0


def test_two_servers_that_clear_the_same_reports_count_them_once(desk: Desk) -> None:
    finished(desk, 3)
    with desk.database.read() as tx:
        piece = retention.look(tx, before=desk.now + DAY, position=0, most=10)
    with desk.database.write() as tx:
        assert retention.delete(tx, piece.reports) == 3
    with desk.database.write() as tx:
        assert retention.delete(tx, piece.reports) == 0


def test_a_finish_that_is_repeated_after_its_reports_went_is_still_ok(desk: Desk) -> None:
    grant = finished(desk, 3)
    clear(desk, before=desk.now + DAY)
    assert desk.finish(grant, score=1.0).status == "ok"
