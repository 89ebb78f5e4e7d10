"""How fast workers have been lately."""

from service.storage import pace
from service.storage.pace import Pace
from tests.service.desk import Desk


def recent(desk: Desk, **options: int) -> dict[str, Pace]:
    with desk.database.read() as tx:
        return pace.recent(tx, **options)


def test_a_workers_pace_is_what_it_ended_over_the_time_it_took(desk: Desk) -> None:
    desk.search(queued=6)
    first = desk.claim("ada", capacity=2)
    desk.wait(10)
    for grant in first:
        desk.finish(grant, score=1.0)
    (second,) = desk.claim("ada", capacity=1)
    desk.wait(20)
    desk.finish(second, "failed")
    found = recent(desk)["ada"]
    assert found.trials == 3
    assert found.per_minute == 6.0


def test_who_has_ended_nothing_has_no_pace_and_what_was_given_back_does_not_count(desk: Desk) -> None:
    desk.search(queued=6)
    desk.claim("bob", capacity=1)
    (given,) = desk.claim("eve", capacity=1)
    desk.wait(5)
    desk.finish(given, "returned")
    assert recent(desk) == {}


def test_only_the_newest_attempts_are_looked_at(desk: Desk) -> None:
    desk.search(queued=4)
    old, new = desk.claim("ada", capacity=1), desk.claim("bob", capacity=1)
    desk.wait(30)
    for grant in (*old, *new):
        desk.finish(grant, score=1.0)
    assert set(recent(desk)) == {"ada", "bob"}
    assert set(recent(desk, most=1)) == {"bob"}
    assert recent(desk)["ada"].per_minute == 2.0
