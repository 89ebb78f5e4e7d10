"""The planted bugs: each takes one safeguard out of the server that runs in this process.

They replace names of the server's modules. A name that is not there any more is an error: a refactoring has moved the
safeguard, and the bug must follow it. The product has no switch for any of this.
"""

import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace as copied
from datetime import datetime
from threading import Timer
from typing import Any

import sqlalchemy as sa

from caviar.errors import BudgetUsed
from caviar.states import AttemptOutcome, Origin, TrialState
from caviar.wire.protocol import Proof, Result, TrialReport
from service import queue, searches
from service.context import Service
from service.planning import draft
from service.samplers.interface import Suggestion
from service.storage import (
    attempts,
    claims,
    database,
    leases,
    ledgers,
    outcomes,
    reports,
    rounds,
    tables,
    trials,
    writer,
)
from service.storage import searches as stored
from service.storage.attempts import Held, Key
from service.storage.database import Transaction
from service.storage.ledgers import Ledger
from service.storage.prepared import Among, Prepared
from service.storage.records import TrialRecord
from service.storage.writer import Work

_trial, _search, _lease = tables.trial.c, tables.search.c, tables.lease.c


def replace(owner: Any, name: str, stand_in: Any) -> Any:
    """Returns what was there. Raises AttributeError where nothing was."""
    before = getattr(owner, name)
    setattr(owner, name, stand_in)
    return before


class _Anything(bytes):
    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = bytes.__hash__


def no_token_check() -> None:
    replace(attempts, "token_hash", lambda _token: _Anything())
    replace(reports, "token_hash", lambda _token: _Anything())


def no_attempt_check() -> None:
    """A word is heard for the trial's latest attempt, whichever it names."""

    def open_books(tx: Transaction, keys: Collection[Key]) -> tuple[dict[int, Ledger], dict[Key, Held]]:
        ids = sorted({trial for trial, _ in keys})
        books = ledgers.lock_owners(tx, ids)
        found = sorted(map(attempts._held, attempts._HELD.all(tx, ids=ids)), key=lambda held: held.attempt)
        latest = {held.trial_id: held for held in found}
        return books, {key: latest[key[0]] for key in keys if key[0] in latest}

    replace(outcomes, "open_books", open_books)
    replace(reports, "open_books", open_books)


def attempt_not_raised() -> None:
    """But for the first claim."""
    is_first = sa.case((_trial.attempt == 0, 1), else_=_trial.attempt)
    taken = sa.update(tables.trial).where(_trial.id == sa.bindparam("of_trial"), _trial.state == TrialState.QUEUED)
    replace(claims, "_TAKE", Prepared(taken.values(state=TrialState.RUNNING, attempt=is_first)))

    def taken_again(trial: TrialRecord) -> TrialRecord:
        return copied(trial, state=TrialState.RUNNING, attempt=max(trial.attempt, 1))

    replace(claims, "_taken", taken_again)


def sweep_without_recheck() -> None:
    """What looked expired is taken a moment later, renewed or not."""

    def sweep(service: Service) -> None:
        with service.database.read() as tx:
            dead = list(tx.execute(sa.select(_lease.trial_id).where(_lease.expires_at < service.now())).scalars())
        long_ago = sa.update(tables.lease).where(_lease.trial_id.in_(dead)).values(expires_at=_lease.granted_at)

        def take() -> None:
            service.database.run(lambda tx: tx.execute(long_ago).rowcount)
            before(service)

        if dead:
            Timer(0.8, take).start()
        before(service)

    before = replace(queue, "sweep", sweep)


def sweep_after_restart() -> None:
    replace(leases, "grace", lambda _tx, **_times: None)


def answer_before_commit() -> None:
    def carry_out(self: writer.Writer, group: Sequence[tuple[Work, Future[Any]]]) -> None:
        with self._begin() as tx:
            for work, future in group:
                writer._within_savepoint(tx, work, future)()
            time.sleep(0.05)

    replace(writer.Writer, "_carry_out", carry_out)


def synchronous_off() -> None:
    def sqlite_engine(*arguments: Any, **options: Any) -> sa.Engine:
        engine: sa.Engine = before(*arguments, **options)
        sa.event.listen(engine, "connect", lambda driver, _entry: driver.execute("PRAGMA synchronous = OFF"))
        return engine

    before = replace(database, "_sqlite_engine", sqlite_engine)


def claim_without_state_check() -> None:
    has_trainer = Among(_search.trainer, "trainers")
    some = sa.select(_search.id, _search.trainer, _search.parallel, _search.parallel).where(tables.is_active)
    replace(claims, "_ALL", Prepared(some.where(has_trainer).limit(1)))
    queued = sa.select(_trial.id, _trial.number, _trial.round, _trial.stack)
    queued = queued.where(_trial.search_id == sa.bindparam("of_search")).order_by(_trial.number)
    ahead = queued.limit(sa.bindparam("most"))
    replace(claims, "_QUEUED", Prepared(ahead))
    first = sa.select(ahead.subquery().c.id).limit(1).scalar_subquery()
    replace(claims, "_OLDEST", Prepared(sa.select(*trials.COLUMNS).where(_trial.id == first)))
    any_search = sa.select(*stored.COLUMNS).where(tables.is_active, has_trainer).limit(1)
    replace(claims, "_LOCK_ANY", Prepared(any_search))
    taken = sa.update(tables.trial).where(_trial.id == sa.bindparam("of_trial"))
    replace(claims, "_TAKE", Prepared(taken.values(state=TrialState.RUNNING, attempt=_trial.attempt + 1)))


def replay_gives_new_trials() -> None:
    replace(claims, "_GIVEN", Prepared(sa.select(tables.attempt.c.trial_id).where(sa.false())))


def finish_not_idempotent() -> None:
    replace(outcomes, "_digest", lambda _item: secrets.token_bytes(32))


def budget_outside_transaction() -> None:
    def enqueue(service: Service, search_id: int, given: dict[str, Any], *, idempotency_key: str | None) -> TrialRecord:
        search = searches.read(service, search_id)
        if search.next_number >= search.budget:
            raise BudgetUsed(f"all {search.budget} trials of search {search.id} are numbered")

        def work(tx: Transaction) -> TrialRecord:
            ledger = ledgers.lock_one(tx, search_id)
            new = draft(search, Suggestion(given, Origin.ENQUEUED), number=ledger.search.next_number, round_=0)
            rounds.append(tx, ledger, new, now=service.now())
            return trials.by_number(tx, search_id, new.number)

        return service.database.run(work)

    replace(searches, "enqueue", enqueue)


def salvage_after_reclaim() -> None:
    replace(Held, "is_free", property(lambda held: held.outcome is AttemptOutcome.LOST))


def lost_report_accepted() -> None:
    def no_longer(proof: Proof, held: Mapping[Key, Held]) -> Result | None:
        found = held.get(attempts.key_of(proof))
        is_lost = found is not None and found.outcome is AttemptOutcome.LOST
        return None if is_lost and isinstance(proof, TrialReport) else before(proof, held)

    before: Callable[[Proof, Mapping[Key, Held]], Result | None] = replace(reports, "no_longer", no_longer)


def cancel_overwrites_finish() -> None:
    def cancel(tx: Transaction, ledger: Ledger, trial_id: int, *, now: datetime) -> None:
        state = trials.get(tx, trial_id).state
        ledgers._cancel(tx, _trial.id == trial_id, now=now)
        ledger.counts[state] -= 1
        ledger.counts[TrialState.CANCELLED] += 1

    replace(ledgers, "cancel", cancel)


BUGS: tuple[Callable[[], None], ...] = (
    no_token_check,
    no_attempt_check,
    attempt_not_raised,
    sweep_without_recheck,
    sweep_after_restart,
    answer_before_commit,
    synchronous_off,
    claim_without_state_check,
    replay_gives_new_trials,
    finish_not_idempotent,
    budget_outside_transaction,
    salvage_after_reclaim,
    lost_report_accepted,
    cancel_overwrites_finish,
)
"""In the order of their numbers, from 1 on."""
