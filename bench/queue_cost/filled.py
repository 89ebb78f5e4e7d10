"""A database that holds one search with many finished trials, written at once: each with its attempt and a report.

What the server keeps as it goes (counters, the best trial, the round) is as it would have left it. The hyperparameters
are random on a log scale, and not those that the server would have drawn, which nobody compares.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

import numpy as np
import sqlalchemy as sa

from bench.queue_cost.toy import HIGH, LOW, METRIC, NAMES, document
from caviar.spec import SearchSpec
from caviar.states import AttemptOutcome, Origin, SearchState, TrialState
from service.samplers import box
from service.storage import tables
from service.storage.database import parse
from service.storage.migrate import upgrade
from service.storage.types import Instant

ONCE = datetime(2026, 1, 1, tzinfo=UTC)
"""When all of it happened: longer ago than the server remembers claims and workers."""
SEARCH = 1
TRAINER = "toy"
PARALLEL = 8
TO_COME = 1_000_000
"""Trials that are left of the budget."""
_CHUNK = 10_000
_Row = tuple[Any, ...]


def fill(url: str, *, finished: int) -> None:
    """Create search SEARCH with so many completed trials in an empty database. No server may be running on it."""
    upgrade(url)
    engine = sa.create_engine(parse(url))
    try:
        with engine.connect() as connection:
            _hurry(connection)
            _write(connection, finished)
            connection.commit()
        _settle(engine)
    finally:
        engine.dispose()


def _hurry(connection: sa.Connection) -> None:
    """Nothing of a half-filled database is of use, so nothing has to survive a failure before the end."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET synchronous_commit = off"))
    else:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -131072"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")


def _write(connection: sa.Connection, finished: int) -> None:
    spec = SearchSpec.model_validate(document(trainer=TRAINER, trials=finished + TO_COME, parallel=PARALLEL))
    connection.execute(sa.insert(tables.search).values(_search(spec, finished)))
    connection.execute(sa.insert(tables.spec).values(search_id=SEARCH, document=spec.document()))
    connection.execute(sa.insert(tables.round_).values(_round(spec)))
    moment = Instant().process_bind_param(ONCE, connection.dialect)
    _insert(connection, tables.trial, _TRIAL, _trials(finished, moment))
    _insert(connection, tables.attempt, _ATTEMPT, _attempts(finished, moment))
    _insert(connection, tables.report, _REPORT, _reports(finished, moment))
    trial = tables.trial.c
    best = connection.execute(sa.select(trial.id, trial.score).order_by(trial.score, trial.number).limit(1)).one()
    connection.execute(sa.update(tables.search).values(best_trial=best.id, best_score=best.score))


def _settle(engine: sa.Engine) -> None:
    """What a database of this size has long behind it when a server works on it, not while a clock runs."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name != "postgresql":
            _sync(str(engine.url.database))
            return
        connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('search', 'id'), max(id)) FROM search"))
        connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('trial', 'id'), max(id)) FROM trial"))
        connection.execute(sa.text("VACUUM ANALYZE"))  # autovacuum's work
        connection.execute(sa.text("CHECKPOINT"))


def _sync(path: str) -> None:
    """Otherwise the first commits that are measured would wait for all of it to reach the disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _insert(connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Iterable[_Row]) -> None:
    """In the way that each driver is fastest in, within the connection's transaction; rows are taken one by one."""
    driver: Any = connection.connection.driver_connection
    names = ", ".join(f'"{column}"' for column in columns)
    if connection.dialect.name == "postgresql":
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
    else:
        places = ", ".join("?" for _ in columns)
        driver.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', rows)


def _search(spec: SearchSpec, finished: int) -> dict[str, Any]:
    plain = {"name": spec.name, "notes": spec.notes, "priority": spec.priority}
    counters = {"next_number": finished, "next_round": 1, "round_left": TO_COME, "completed": finished}
    size = {"trainer": spec.trainer, "budget": spec.trials, "parallel": spec.parallel}
    # A claim and a finish for each trial, each of which changed the search.
    changed = {"changes": 2 * finished, "ranking": finished, "created_at": ONCE}
    return {"id": SEARCH, "state": SearchState.ACTIVE, **plain, **counters, **size, **changed}


def _round(spec: SearchSpec) -> dict[str, Any]:
    everywhere = box.document(spec.domain, box.whole(spec.domain))
    plain = {"seen": 0, "reason": "drawn at random", "box": everywhere, "state": {}, "created_at": ONCE}
    return {"search_id": SEARCH, "round": 0, "first": 0, "size": spec.trials, **plain}


_TRIAL = (
    "id", "search_id", "number", "round", "origin", "state", "stack", "hyperparameters", "seed", "available_at",
    "attempt", "value", "score", "metrics", "created_at", "finished_at",
)  # fmt: skip
_ATTEMPT = (
    "trial_id", "attempt", "worker", "token_hash", "claim_key_hash", "outcome", "finish_hash", "last_step",
    "started_at", "ended_at",
)  # fmt: skip
_REPORT = ("trial_id", "attempt", "step", "metrics", "reported_at")


def _trials(finished: int, moment: Any) -> Iterator[_Row]:
    found, ended = (Origin.SAMPLED.value, TrialState.COMPLETED.value, ""), (moment, moment)
    for number, hparams, loss in _points(finished):
        told = json.dumps({METRIC: loss})
        yield number + 1, SEARCH, number, 0, *found, json.dumps(hparams), number, moment, 1, loss, loss, told, *ended


def _attempts(finished: int, moment: Any) -> Iterator[_Row]:
    """Hashes are random, as those of real tokens are: the index on them is filled in no order."""
    random, completed = Random(0), AttemptOutcome.COMPLETED.value
    for trial in range(1, finished + 1):
        token, key, finish = (random.randbytes(32) for _ in range(3))
        yield trial, 1, "bench", token, key, completed, finish, 1, moment, moment


def _reports(finished: int, moment: Any) -> Iterator[_Row]:
    for number, _, loss in _points(finished):
        yield number + 1, 1, 1, json.dumps({METRIC: loss}), moment


def _points(finished: int) -> Iterator[tuple[int, dict[str, float], float]]:
    """Number, hyperparameters and loss, the same each time; so many at a time as memory does not notice."""
    random = np.random.default_rng(0)
    for start in range(0, finished, _CHUNK):
        shape = (min(_CHUNK, finished - start), len(NAMES))
        points = np.exp(random.uniform(np.log(LOW), np.log(HIGH), shape)).clip(LOW, HIGH)
        for i, (point, loss) in enumerate(zip(points.tolist(), points.sum(axis=1).tolist(), strict=True)):
            yield start + i, dict(zip(NAMES, point, strict=True)), loss
