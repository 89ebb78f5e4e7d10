"""The server's turns: leases outlive a pause of the server, and no fault ends the turns."""

import asyncio

import pytest
from anyio.from_thread import BlockingPortal

from caviar.states import TrialState
from service.context import Service
from service.searches import create
from service.turns import begin, take_turns, turn
from tests.service import verbs
from tests.service.desk import TTL, Desk, SetClock, a_claim, a_spec


def held(service: Service) -> int:
    """A search whose one trial is running."""
    search_id = create(service, a_spec(), idempotency_key=None).id
    assert verbs.claim(service, a_claim(), search_id=None)
    return search_id


def state(service: Service, search_id: int) -> TrialState:
    return Desk(service.database).trial(search_id).state


@pytest.mark.parametrize("is_away", [False, True])
def test_a_server_that_starts_gives_every_lease_the_time_back(service: Service, clock: SetClock, is_away: bool) -> None:
    search_id = held(service)
    clock.wait(10_000)
    last = turn(service, None if is_away else begin(service))
    assert (last, state(service, search_id)) == (clock.at, TrialState.RUNNING)
    for _ in range(3):
        clock.wait(TTL.total_seconds() / 3)
        last = turn(service, last)
    assert state(service, search_id) is TrialState.RUNNING
    clock.wait(1)
    turn(service, last)
    assert state(service, search_id) is TrialState.QUEUED


def test_a_server_that_was_suspended_blames_no_worker(service: Service, clock: SetClock) -> None:
    search_id = held(service)
    last = turn(service, begin(service))
    clock.wait(3600)
    turn(service, last)
    assert state(service, search_id) is TrialState.RUNNING


def test_a_turn_that_fails_is_logged_and_the_next_one_comes(
    service: Service, portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.turns.LONGEST_PAUSE_SECONDS", 0.001)
    desk = Desk(service.database)
    search_id = desk.search(queued=0, trials=3)
    rename(service, "search", "hidden")

    async def watch() -> bool:
        running = asyncio.create_task(take_turns(service, None))
        while caplog.text.count("a turn of the server failed") < 2:
            assert not running.done()
            await asyncio.sleep(0.001)
        rename(service, "hidden", "search")
        while not desk.trials(search_id):
            assert not running.done()
            await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.wait([running])
        return running.cancelled()

    assert portal.call(watch)


def rename(service: Service, table: str, name: str) -> None:
    with service.database.write() as tx:
        tx.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")
