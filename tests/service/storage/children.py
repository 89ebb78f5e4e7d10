"""Processes that a test kills, or that all start at once: forked from one that has everything loaded, a moment each."""

import os
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

import alembic.command  # noqa: F401 - an upgrade would load it in every process
from sqlalchemy.engine import Engine

from service.planning import advance
from service.storage import claims, outcomes, reports
from service.storage.database import Database
from service.storage.migrate import upgrade
from tests.service.desk import START, TTL, a_claim, a_report, an_outcome
from tests.service.storage.faults import Faults

KILLED = 9
KEY = "the claim key of a worker that outlives its server"
_context = get_context("forkserver")
_context.set_forkserver_preload([__name__])
LONGEST_SECONDS = 60


def _kill() -> None:
    os._exit(KILLED)


def run(work: Any, *arguments: Any) -> tuple[int | None, list[Any]]:
    """Run a function of this module in a process; its exit code, and what it sent before it ended."""
    mine, theirs = _context.Pipe(duplex=False)
    process = _context.Process(target=work, args=(*arguments, theirs))
    process.start()
    theirs.close()
    sent = []
    try:
        while True:
            sent.append(mine.recv())
    except EOFError:
        process.join(LONGEST_SECONDS)
    return process.exitcode, sent


def run_at_once(work: Any, count: int, *arguments: Any) -> list[int | None]:
    """The same function in several processes, which wait for one another before they begin; their exit codes."""
    barrier = _context.Barrier(count)
    processes = [_context.Process(target=work, args=(*arguments, barrier)) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(LONGEST_SECONDS)
    return [process.exitcode for process in processes]


def serve(url: str, at: int, acknowledge: "Connection[Any, Any]") -> None:
    """What a server does for a worker, killed at the k-th statement; every answer is sent once it is committed."""
    faults = Faults(_kill)
    with closing(Database(url)) as database, faults.installed(database._writer, database._hot):
        faults.arm(at)
        for name, answer in serving(database, now=START):
            acknowledge.send((name, answer))


def serving(database: Database, *, now: datetime) -> "Sequence[tuple[str, Any]] | Any":
    """A worker's claim, reports and finish, and what the server plans after them, one answer after the other."""
    request = a_claim(capacity=2, key=KEY)
    grants = database.run(partial(claims.claim, request=request, search_id=None, ttl=TTL, now=now))
    yield "claimed", [(grant.trial.id, grant.trial.attempt) for grant in grants]
    said = [a_report(grant, 1, score=0.5) for grant in grants]
    heard = database.run(partial(reports.report, items=said, ttl=TTL, now=now))
    yield "reported", [result.status for result in heard.results]
    ended = [an_outcome(grant, score=0.25) for grant in grants]
    finished = database.run(partial(outcomes.finish, items=ended, ttl=TTL, now=now))
    yield "finished", [result.status for result in finished.results]
    yield "planned", advance(database, 1, now=now)


def upgrade_until(url: str, at: int, _acknowledge: "Connection[Any, Any]") -> None:
    """Killed at the k-th statement."""
    faults = Faults(_kill)
    faults.arm(at)
    with faults.installed(Engine):
        upgrade(url)


def upgrade_each_together(folder: str, files: int, barrier: Barrier) -> None:
    for number in range(files):
        upgrade_together(f"sqlite:///{folder}/{number}.db", barrier)


def upgrade_together(url: str, barrier: Barrier) -> None:
    barrier.wait(LONGEST_SECONDS)
    upgrade(url)
