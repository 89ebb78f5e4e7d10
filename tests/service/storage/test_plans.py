"""How SQLite carries out the hot queries: by the partial indexes, never by looking at every trial."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from service.stopping.asha import Asha
from service.storage import rounds, rungs, samples, trials, watch
from service.storage.database import Database
from tests.service.desk import Desk


@pytest.fixture
def desk(sqlite_store_url: str) -> Iterator[Desk]:
    with closing(Database(sqlite_store_url)) as database:
        yield Desk(database)


@contextmanager
def plans(database: Database) -> Iterator[list[str]]:
    """The steps of every statement that runs inside the block."""
    found: list[str] = []
    carried_out: list[str] = []

    def trace(connection: sa.Connection) -> None:
        # Everything that reaches SQLite, with its values, whoever sent it.
        raw: Any = connection.connection.driver_connection
        raw.set_trace_callback(carried_out.append)

    sa.event.listen(sa.Engine, "begin", trace)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "begin", trace)
        with database.read() as tx:
            raw: Any = tx.connection.driver_connection
            raw.set_trace_callback(None)
            for statement in carried_out:
                if statement.startswith(("SELECT", "UPDATE")):
                    found.extend(str(row[3]) for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall())


def scans(steps: list[str]) -> list[str]:
    """Steps that look at more trials than a claim, report or finish is about."""
    is_narrow = ("rowid=?", "trial_queued", "number=?")
    return [step for step in steps if " trial" in step and not any(mark in step for mark in is_narrow)]


def test_a_claim_a_report_and_a_finish_look_at_no_finished_trial(desk: Desk) -> None:
    desk.search(queued=20, trials=30)
    with plans(desk.database) as steps:
        grant, _ = desk.claim(capacity=2)
        desk.report(grant, 1, score=0.5)
        desk.finish(grant, score=0.5)
    assert any("USING INDEX trial_queued" in step or "USING COVERING INDEX trial_queued" in step for step in steps)
    assert scans(steps) == []


def test_whether_a_round_is_open_is_seen_from_open_trials_alone(desk: Desk) -> None:
    search_id = desk.search(queued=20)
    with plans(desk.database) as steps, desk.database.read() as tx:
        rounds.has_open(tx, search_id, up_to=3)
    assert [step for step in steps if "INDEX trial_open" not in step] == []


def test_a_page_of_the_leaderboard_is_read_in_its_order(desk: Desk) -> None:
    search_id = desk.search(queued=20)
    with plans(desk.database) as steps, desk.database.read() as tx:
        trials.ranked(tx, search_id, limit=50, after=None)
        trials.ranked(tx, search_id, limit=50, after=(False, 0.5, 3))
    assert len(steps) == 2
    assert all("USING INDEX trial_ranked" in step for step in steps)


def test_the_entries_of_a_rung_are_read_from_their_index_alone_the_latest_first(desk: Desk) -> None:
    search_id = desk.search(queued=2, stopping="asha")
    for grant in desk.claim(capacity=2):
        desk.report(grant, 3, score=0.5)
    with plans(desk.database) as steps, desk.database.read() as tx:
        rungs.scores(tx, search_id, Asha(3, 1), up_to=3)
        rungs.last(tx, [1, 2])
    assert len(steps) == 4
    assert all("COVERING INDEX rung_entries" in step for step in steps[:3])
    assert "PRIMARY KEY" in steps[3]


@pytest.mark.parametrize("limit", [5, 100])
def test_a_sample_is_read_by_number_within_its_search(desk: Desk, limit: int) -> None:
    search_id = desk.search(queued=20)
    with plans(desk.database) as steps, desk.database.read() as tx:
        samples.finished(tx, search_id, limit=limit)
    assert any("SEARCH trial USING INDEX" in step for step in steps)
    assert [step for step in steps if step.startswith("SCAN trial")] == []


def test_the_watcher_looks_at_active_searches_and_queued_trials_alone(desk: Desk) -> None:
    search_id = desk.search(queued=20)
    with plans(desk.database) as steps, desk.database.read() as tx:
        watch.active(tx)
        watch.counters(tx, [search_id])
        watch.has_become_available(tx, after=desk.now, up_to=desk.now)
    scanned = [step.rpartition(" ")[2] for step in steps if step.startswith("SCAN")]
    assert {"search_active", "trial_queued"} >= set(scanned) > set()
