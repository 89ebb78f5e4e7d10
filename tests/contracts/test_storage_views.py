"""What charts read: samples that hold the best, records, attempts and curves; by an index, however large the search."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from caviar.states import AttemptOutcome
from service.storage import courses, searches, tables, views
from service.storage.database import Database, Transaction
from service.storage.views import SampledRecord
from tests.service.desk import Desk
from tests.service.filled import ROUND, STEPS, fill
from tests.service.storage.test_plans import plans

READ_BY_CHARTS = ("trial", "attempt", "report", "round", "lease")


def sampled(desk: Desk, search_id: int, **limits: int) -> list[SampledRecord]:
    with desk.database.read() as tx:
        return views.sampled(tx, searches.get(tx, search_id), **limits)


def records(desk: Desk, search_id: int) -> list[int]:
    """Numbers of the trials that set a new best."""
    trial = tables.trial.c
    wanted = sa.select(trial.number).where(trial.search_id == search_id, tables.is_record).order_by(trial.number)
    with desk.database.read() as tx:
        return list(tx.execute(wanted).scalars())


@pytest.mark.parametrize(("goal", "expected"), [("minimize", [0, 3, 5]), ("maximize", [0, 2, 6])])
def test_trials_that_set_a_new_best_are_known_in_the_order_in_which_they_finish(
    desk: Desk, goal: str, expected: list[int]
) -> None:
    search_id = desk.search(queued=7, goal=goal)
    for grant, value in zip(desk.claim(capacity=7), (5.0, math.nan, 7.0, 4.0, 4.0, 1.0, 9.0), strict=True):
        desk.wait(1)
        desk.finish(grant, score=value)
    assert records(desk, search_id) == expected


def test_a_trial_that_finishes_later_is_held_against_the_best_of_all_before_it(desk: Desk) -> None:
    search_id = desk.search(queued=3)
    first, second, third = desk.claim(capacity=3)
    for grant, value in ((third, 2.0), (first, 3.0), (second, 1.0)):
        desk.wait(1)
        desk.finish(grant, score=value)
    assert records(desk, search_id) == [1, 2]


def test_a_small_search_is_its_own_sample(desk: Desk) -> None:
    search_id = desk.search(queued=4)
    done, failed, _running = desk.claim(capacity=3)
    desk.finish(done, score=0.5)
    desk.finish(failed, "failed")
    found = sampled(desk, search_id, most=4)
    assert [(trial.number, trial.state.value, trial.value) for trial in found] == [
        (0, "completed", 0.5),
        (1, "failed", None),
        (2, "running", None),
        (3, "queued", None),
    ]
    assert found[0].metrics == {"score": 0.5}
    assert found[2].hyperparameters == {"x": 0.002}


def test_a_sample_holds_the_leaders_and_the_records_beside_its_share(desk: Desk) -> None:
    search_id = desk.search(queued=64)
    for grant in desk.claim(capacity=64):
        desk.wait(1)
        number = grant.trial.number
        desk.finish(grant, score={20: 0.9, 21: 0.8, 40: 0.1, 41: 0.15}.get(number, 1.0))
    numbers = [trial.number for trial in sampled(desk, search_id, most=8, leaders=2)]
    assert {0, 20, 21, 40, 41} <= set(numbers)
    assert numbers == sorted(numbers)
    assert len(numbers) <= 8 + 2 + 4


def test_rounds_are_read_from_all_over_the_zoom_the_newest_among_them(desk: Desk) -> None:
    search_id = desk.search(queued=1, trials=12)
    for _ in range(10):
        desk.plan(search_id)
    with desk.database.read() as tx:
        search = searches.get(tx, search_id)
        assert [found.round for found in views.rounds(tx, search, most=4)] == [0, 4, 8, 10]
        assert [found.round for found in views.rounds(tx, search)] == list(range(11))


def test_attempts_are_those_of_the_newest_trials_and_those_that_run(desk: Desk) -> None:
    search_id = desk.search(queued=6)
    lost = desk.claim_one("ada")
    desk.lose(lost)
    for _ in range(3):
        desk.finish(desk.claim_one("bob"), score=1.0)
    desk.wait(3)
    desk.claim_one("cleo")
    with desk.database.read() as tx:
        found = courses.stints(tx, search_id)
        newest = courses.stints(tx, search_id, most=2)
        running = courses.running(tx, search_id, most=10)
    told = {(stint.number, stint.attempt): (stint.worker, stint.outcome) for stint in found}
    assert told[lost.trial.number, 1] == ("ada", AttemptOutcome.LOST)
    assert len(told) == 5
    assert [stint.ended_at is None for stint in found] == [stint.worker == "cleo" for stint in found]
    assert "cleo" in {stint.worker for stint in newest}
    assert len(newest) == 2
    assert running == [stint.trial_id for stint in found if stint.worker == "cleo"]


def test_a_curve_is_of_one_metric_and_a_later_attempt_has_the_last_word(desk: Desk) -> None:
    desk.search(queued=1)
    first = desk.claim_one()
    for step in (1, 2, 3):
        desk.report(first, step, score=1.0, other=9.0)
    desk.lose(first)
    desk.wait(3)
    again = desk.claim_one()
    desk.report(again, 2, score=math.nan)
    with desk.database.read() as tx:
        curve = courses.curve(tx, first.trial.id, "score")
        assert courses.curve(tx, first.trial.id, "unheard_of") == []
    assert [step for step, _ in curve] == [1, 2, 3]
    assert math.isnan(curve[1][1])
    assert curve[2] == (3, 1.0)


def test_a_long_curve_is_thinned_out_and_keeps_its_ends(desk: Desk) -> None:
    desk.search(queued=1)
    grant = desk.claim_one()
    with desk.database.write() as tx:
        plain = {"trial_id": grant.trial.id, "attempt": 1, "reported_at": desk.now}
        rows = [plain | {"step": step, "metrics": {"score": float(step)}} for step in range(5000)]
        tx.execute(sa.insert(tables.report), rows)
    with desk.database.read() as tx:
        curve = courses.curve(tx, grant.trial.id, "score")
    assert len(curve) == courses.MOST_POINTS
    assert (curve[0], curve[-1]) == ((0, 0.0), (4999, 4999.0))
    assert [step for step, _ in curve] == sorted({step for step, _ in curve})


def everything(tx: Transaction, search_id: int) -> dict[str, int]:
    """Every read of the charts, with limits far below the size of the search; how many rows each gave."""
    search = searches.get(tx, search_id)
    leaders = views.leaders(tx, search_id, most=5)
    reads: dict[str, Callable[[], Any]] = {
        "sampled": lambda: views.sampled(tx, search, most=32, leaders=10),
        "rounds": lambda: views.rounds(tx, search, most=16),
        "stints": lambda: courses.stints(tx, search_id, most=20),
        "running": lambda: courses.running(tx, search_id, most=20),
        "among": lambda: views.among(tx, search_id, [trial.id for trial in leaders]),
        "curve": lambda: courses.curve(tx, leaders[0].id, "dev_error"),
    }
    return {name: len(read()) for name, read in reads.items()}


def test_no_read_looks_at_more_than_it_gives(database: Database) -> None:
    search_id = fill(database, trials=4000)
    if database.url.get_backend_name() == "sqlite":
        with plans(database) as steps, database.read() as tx:
            found = everything(tx, search_id)
        tables_read = [step.split()[1] for step in steps if step.startswith("SEARCH")]
        assert {"trial", "attempt", "report", "round"} <= set(tables_read)
        assert [step for step in steps if step.startswith("SCAN") and step.split()[1] in READ_BY_CHARTS] == []
    else:
        scanned = sa.text("SELECT relname, seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables")
        with database.read() as tx:
            before = {row.relname: row for row in tx.execute(scanned)}
            found = everything(tx, search_id)
            after = {row.relname: row for row in tx.execute(scanned)}
        for table in READ_BY_CHARTS:
            assert after[table].seq_scan == before[table].seq_scan, table
            assert (after[table].idx_tup_fetch or 0) - (before[table].idx_tup_fetch or 0) < 300, table
    assert found["sampled"] > 32
    assert (found["rounds"], found["stints"], found["running"], found["among"]) == (17, 20, ROUND, 5)
    assert found["curve"] == STEPS
