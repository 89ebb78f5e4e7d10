"""The watcher: what nobody here announced is found by one look for all who wait."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from anyio.from_thread import BlockingPortal

from service.changes import QUEUE, Changes, events, ranking
from service.context import Service
from service.storage import searches, tables
from service.storage.database import Database
from service.watcher import Watcher, keep_watch
from tests.service.desk import Desk, SetClock


@pytest.fixture
def shared(postgres_store_url: str, service: Service, portal: BlockingPortal) -> Iterator[Service]:
    """A server on a database that another one changes as well."""
    database = Database(postgres_store_url)
    yield Service(service.settings, database, service.clock, portal.call(Changes))
    database.close()


def test_each_topic_moves_with_its_own_counter(shared: Service) -> None:
    desk = Desk(shared.database)
    search, other = desk.search(trials=3), desk.search(trials=3)
    everything = {QUEUE, ranking(search), events(search), ranking(other), events(other)}
    watcher = Watcher(shared)
    assert watcher.look(everything) == everything  # since when they are waited for is not known
    assert watcher.look(everything) == set()
    grant = desk.claim_one(search=search)
    assert watcher.look(everything) == {QUEUE, events(search)}
    assert watcher.look(everything) == set()
    desk.finish(grant, score=0.5)
    assert watcher.look(everything) == {QUEUE, events(search), ranking(search)}
    with shared.database.write() as tx:
        searches.delete(tx, search)
    assert watcher.look(everything) == {QUEUE, events(search), ranking(search)}
    assert watcher.look(everything) == set()


def test_a_new_search_and_one_that_goes_on_move_the_queue(shared: Service) -> None:
    desk, watcher = Desk(shared.database), Watcher(shared)
    assert watcher.look({QUEUE}) == set()
    search = desk.search(trials=2)
    assert watcher.look({QUEUE}) == {QUEUE}
    desk.change(search, state="paused")
    assert watcher.look({QUEUE}) == {QUEUE}
    desk.change(search, budget=3)
    assert watcher.look({QUEUE}) == set()  # it is paused
    desk.change(search, state="active")
    assert watcher.look({QUEUE}) == {QUEUE}


def test_what_ended_long_ago_is_seen_where_somebody_waits_for_it(shared: Service) -> None:
    desk, watcher = Desk(shared.database), Watcher(shared)
    search = desk.search(trials=1)
    desk.finish(desk.claim_one(), score=1)
    watcher.look({events(search)})
    with shared.database.write() as tx:
        searches.edit(tx, search, name="renamed")
    assert watcher.look({events(search)}) == {events(search)}


def test_who_came_during_a_look_misses_nothing(shared: Service) -> None:
    """The look knows of one topic of the search; the one who came meanwhile waits for the other."""
    desk, watcher = Desk(shared.database), Watcher(shared)
    search = desk.search(trials=2)
    watcher.look({ranking(search)})
    desk.claim_one()
    assert events(search) in watcher.look({ranking(search)})


def test_a_trial_whose_pause_ends_moves_the_queue_once(service: Service, clock: SetClock) -> None:
    desk = Desk(service.database)
    desk.search(trials=1)
    with service.database.write() as tx:
        tx.execute(sa.update(tables.trial).values(available_at=clock.at + timedelta(seconds=8)))
    watcher = Watcher(service)
    clock.wait(7)
    assert watcher.look({QUEUE}) == set()
    clock.wait(1)
    assert watcher.look({ranking(1)}) == set()  # nobody waits for trials, and nobody has looked for them
    assert watcher.look({QUEUE}) == {QUEUE}
    clock.wait(1)
    assert watcher.look({QUEUE}) == set()


def test_the_only_server_of_a_store_is_told_of_what_it_does_not_announce(service: Service) -> None:
    desk, watcher = Desk(service.database), Watcher(service)
    search = desk.search(trials=2)
    watcher.look({QUEUE, events(search), ranking(search)})
    desk.claim_one()
    assert watcher.look({QUEUE, events(search), ranking(search)}) == {events(search)}


def test_an_error_forgets_nothing(shared: Service) -> None:
    desk, watcher = Desk(shared.database), Watcher(shared)
    search = desk.search(trials=2)
    awaited = {QUEUE, events(search)}
    watcher.look(awaited)
    desk.claim_one()
    rename(shared, "trial", "hidden")
    with pytest.raises(sa.exc.ProgrammingError):
        watcher.look(awaited)
    rename(shared, "hidden", "trial")
    assert watcher.look(awaited) == awaited


def rename(service: Service, table: str, name: str) -> None:
    with service.database.write() as tx:
        tx.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")


def test_a_database_that_is_away_is_logged_once_and_those_who_wait_go_on(
    shared: Service, portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.watcher.LOOK_SECONDS", 0.001)
    caplog.set_level(logging.INFO, "caviar.service")
    desk = Desk(shared.database)
    search = desk.search(trials=1)
    failures = threading.Semaphore(0)
    look = Watcher.look

    def counted(self: Watcher, awaited: set[object]) -> object:
        try:
            return look(self, awaited)  # type: ignore[arg-type]
        except sa.exc.ProgrammingError:
            failures.release()
            raise

    monkeypatch.setattr(Watcher, "look", counted)

    async def watch() -> bool | None:
        is_claimed = False

        async def attempt() -> bool | None:
            return is_claimed or None

        async def stays() -> bool:
            return False

        watching = asyncio.create_task(keep_watch(shared))
        waiting = asyncio.create_task(shared.changes.until(events(search), attempt, seconds=20, is_gone=stays))
        await asyncio.to_thread(rename, shared, "search", "hidden")
        for _ in range(3):
            assert await asyncio.to_thread(failures.acquire, timeout=20)
        assert not waiting.done()
        await asyncio.to_thread(rename, shared, "hidden", "search")
        await asyncio.to_thread(desk.claim_one)
        is_claimed = True
        found = await waiting
        watching.cancel()
        await asyncio.wait([watching])
        return found

    assert portal.call(watch)
    assert caplog.text.count("who waits here is not told of changes") == 1
    assert caplog.text.count("who waits here is told of changes again") == 1
