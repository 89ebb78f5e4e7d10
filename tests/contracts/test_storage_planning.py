"""What a round is planned from is read without looking at every trial of a search, on either database."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from caviar.states import Origin, TrialState
from service.planning import look
from service.storage import tables
from service.storage.database import Database
from tests.service.desk import START, Desk

TRIALS, SIZE = 6000, 4
MOST_ROWS = 1200
"""Of trials and entries at rungs: the best and the newest, some of which are read twice."""
Node = dict[str, Any]


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    with closing(Database(store_url)) as database:
        yield Desk(database)


def long_search(desk: Desk, **fields: Any) -> int:
    """All of its trials have finished; every other one diverged, failed or was stopped at its second rung."""
    search = desk.search(queued=0, trials=TRIALS + 100, parallel=2 * SIZE, **fields)
    rounds = TRIALS // SIZE
    made = {"size": SIZE, "reason": "", "box": {}, "state": {}, "created_at": START}
    with desk.database.write() as tx:
        tx.execute(sa.insert(tables.trial), [_trial(search, number) for number in range(TRIALS)])
        rows = [{**made, "search_id": search, "round": r, "first": SIZE * r, "seen": 0} for r in range(rounds)]
        tx.execute(sa.insert(tables.round_), rows)
        first = sa.select(sa.func.min(tables.trial.c.id)).where(tables.trial.c.search_id == search)
        entries = _entries(search, first=tx.execute(first).scalar_one())
        tx.execute(sa.insert(tables.rung), entries)
        counters = {"next_number": TRIALS, "next_round": rounds, "completed": TRIALS}
        tx.execute(sa.update(tables.search).where(tables.search.c.id == search).values(counters))
    return search


def _trial(search: int, number: int) -> dict[str, Any]:
    end = [TrialState.COMPLETED, TrialState.STOPPED, TrialState.COMPLETED, TrialState.FAILED][number % 4]
    plain = {"search_id": search, "number": number, "round": number // SIZE, "origin": Origin.SAMPLED, "stack": ""}
    times = {"available_at": START, "created_at": START, "finished_at": START}
    score = 100.0 + number if end is TrialState.STOPPED else float(number)
    found = {"state": end, "score": score, "value": score, "diverged": number % 8 == 2, "metrics": {}}
    stopped = {"stopped_step": 3 if end is TrialState.STOPPED else None}
    return plain | times | found | stopped | {"seed": number, "hyperparameters": {"x": number / TRIALS}}


def _entries(search: int, *, first: int) -> list[dict[str, Any]]:
    return [
        {"search_id": search, "trial_id": first + n, "number": n, "round": n // SIZE, "step": step, "score": float(n)}
        for n in range(TRIALS)
        for step in (1, 3)
    ]


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database inside the block."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        found.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("sampler", [{"name": "zoom"}, {"name": "zoom", "order": "free"}], ids=["rounds", "free"])
def test_a_look_at_a_long_search_touches_few_of_its_trials(desk: Desk, sampler: dict[str, Any]) -> None:
    search = long_search(desk, sampler=sampler, stopping="median")
    long_search(desk, sampler=sampler)  # another, so that the whole table is not one search
    with statements() as asked:
        view = look(desk.database, search, now=START)
    assert view is not None
    assert view.memory.seen >= TRIALS - SIZE
    assert len(view.entries[3]) == 1000
    assert len(asked) >= 6
    if desk.database.url.get_backend_name() == "sqlite":
        assert sqlite_scans(desk.database, asked) == []
    else:
        read = postgres_rows(desk.database, asked)
        assert max(read) > 100, "the plans must have been understood"
        assert [rows for rows in read if rows > MOST_ROWS] == []


def sqlite_scans(database: Database, asked: Sequence[tuple[str, Any]]) -> list[str]:
    """Steps that go through a whole table or sort what they found: then all of it was read."""
    with database.read() as tx:
        plans = [tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all() for text, values in asked]
    steps = [str(step[3]) for plan in plans for step in plan]
    assert any("trial_ranked" in step for step in steps)
    return [step for step in steps if step.startswith("SCAN ") or "TEMP B-TREE" in step]


def postgres_rows(database: Database, asked: Sequence[tuple[str, Any]]) -> list[int]:
    """How many rows each statement read, those it threw away included."""
    with database.write() as tx:
        tx.exec_driver_sql("ANALYZE")
    with database.read() as tx:
        plans = [
            tx.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", values).scalar_one() for text, values in asked
        ]
    return [_rows_read(_decoded(plan)[0]["Plan"]) for plan in plans]


def _decoded(plan: Any) -> list[Node]:
    found: list[Node] = json.loads(plan) if isinstance(plan, str) else plan
    return found


def _rows_read(node: Node) -> int:
    inner = sum(_rows_read(child) for child in node.get("Plans", ()))
    if "Relation Name" not in node:
        return inner
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return inner + round(float(each * node["Actual Loops"]))
