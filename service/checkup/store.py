"""The database as a visitor sees it: whether it answers, is whole and ours, and what stands still in it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from caviar.states import SearchState, TrialState
from service.checkup.clocks import difference
from service.checkup.findings import Finding, ok, problem, warning
from service.storage import inspection, workers
from service.storage.database import Transaction
from service.storage.migrate import REVISION
from service.storage.records import SearchRecord
from service.waiting import waits_for

NAMED = 5
"""So many things are named one by one; of more, only how many."""
UNSWEPT = timedelta(seconds=30)
"""A server sweeps every few seconds: a lease that ran out so long ago was swept by nobody."""


def check(tx: Transaction) -> Iterator[Finding]:
    """Whether it can be used, before its content is looked at."""
    broken = inspection.damage(tx)
    if broken:
        advice = "stop the server, keep a copy of the file, and restore the last backup: caviar db restore FILE"
        yield problem("database", f"the file is damaged: {broken[0]}", advice)
    else:
        size = f"{inspection.size(tx) / 1e6:.1f} MB"
        yield ok("database", f"{inspection.version(tx)} answers; the database takes {size}")


def schema(tx: Transaction) -> Finding:
    found = inspection.revision(tx)
    if found == REVISION:
        return ok("schema", f"the schema is at revision {found}, as this release needs it")
    if found is None:
        others = inspection.tables_in(tx)
        if not others:
            return warning("schema", "the database is empty", "start a server, or run: caviar db upgrade")
        said = f"the database is not Caviar's: it holds {_named(others)}"
        return problem("schema", said, "name another database with CAVIAR_DATABASE_URL")
    if found > REVISION:
        said = f"the schema is at revision {found}, newer than this release knows ({REVISION})"
        return problem("schema", said, "upgrade Caviar on this machine")
    said = f"the schema is at revision {found}, and this release needs {REVISION}"
    return problem("schema", said, "stop the servers, take a backup, then run: caviar db upgrade")


def clock(tx: Transaction, *, lease_ttl: timedelta) -> Iterator[Finding]:
    before = datetime.now(UTC)
    theirs = inspection.database_time(tx)
    if theirs is None:
        return
    passed = datetime.now(UTC) - before
    ahead = theirs - (before + passed / 2)
    exact = max(timedelta(seconds=1), passed)
    yield difference("the database server's clock", ahead, exact=exact, lease_ttl=lease_ttl)


def crew(tx: Transaction, *, lease_ttl: timedelta, is_served: bool) -> Iterator[Finding]:
    now = datetime.now(UTC)
    since = workers.alive_since(now, lease_ttl)
    live, silent = inspection.live_workers(tx, since=since), inspection.silent_workers(tx, since=since)
    if silent:
        said = (
            f"{_named(silent)} hold{'s' if len(silent) == 1 else ''} trials and {_have(silent)} not been heard lately"
        )
        yield warning("workers", said, "their trials go to others when the leases run out; look at their machines")
    elif live:
        yield ok("workers", f"{live} live worker{'' if live == 1 else 's'}")
    elif is_served:
        yield warning("workers", "there is no live worker", "start one with: caviar worker URL")
    else:
        yield ok("workers", "no live worker, as no server is up")
    overdue = inspection.overdue_leases(tx, before=now - UNSWEPT)
    if overdue and is_served:
        said = f"{overdue} leases ran out more than {UNSWEPT.total_seconds():g} s ago and were not swept"
        yield problem("workers", said, "the server's turns fail; its log says why")


def unoffered(tx: Transaction, *, lease_ttl: timedelta) -> Iterator[Finding]:
    """Searches that wait for a trainer nobody offers."""
    live = workers.live_by_trainer(tx, since=workers.alive_since(datetime.now(UTC), lease_ttl))
    waiting = [search for search in inspection.active(tx) if not live.get(search.trainer)]
    for search in waiting[:NAMED]:
        why, _, how = str(waits_for(search, live)).partition("; ")
        yield warning("searches", f"search {search.id} ({search.name}) waits: {why}", how)
    if len(waiting) > NAMED:
        more = len(waiting) - NAMED
        yield warning("searches", f"{more} more wait for trainers nobody offers", "caviar searches lists them")


def stuck(tx: Transaction) -> set[int]:
    """Active searches with a budget left and nothing open: their next trials should have been planned."""
    now = datetime.now(UTC)
    return {search.id for search in inspection.active(tx) if _stands_still(search, now)}


def _stands_still(search: SearchRecord, now: datetime) -> bool:
    is_idle = not search.counts[TrialState.QUEUED] and not search.counts[TrialState.RUNNING]
    is_late = search.deadline_at is not None and search.deadline_at <= now
    return search.state is SearchState.ACTIVE and is_idle and search.next_number < search.budget and not is_late


def standing_still(ids: set[int], *, is_served: bool) -> Finding:
    if not ids:
        return ok("searches", "the plan of every active search goes on")
    said = f"nothing is queued or running in {_named([f'search {i}' for i in sorted(ids)])}, though trials are left"
    if is_served:
        return problem(
            "searches", f"{said}: the plan stands still", "the server's log says why it could not be planned"
        )
    return warning("searches", said, "a server plans them when it starts: caviar serve")


def wait_for_a_turn(lease_ttl: timedelta) -> None:
    """Between a trial's end and the next plan a search may stand still for a moment; after a turn it may not."""
    time.sleep(min(lease_ttl.total_seconds() / 4, 5.0) + 1.0)


def _named(things: list[str]) -> str:
    more = f" and {len(things) - NAMED} more" if len(things) > NAMED else ""
    return ", ".join(things[:NAMED]) + more


def _have(things: list[str]) -> str:
    return "has" if len(things) == 1 else "have"
