"""What a worker says of the attempts it holds, matched against what is stored. Report and finish begin here."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from caviar.numbers import from_wire
from caviar.states import AttemptOutcome, Origin, TrialState
from caviar.wire.protocol import Proof, Result, Status, StopReason
from service.ids import as_key
from service.lifecycle import score_of
from service.storage import ledgers, tables
from service.storage.database import Transaction
from service.storage.ledgers import Ledger
from service.storage.prepared import Among, Prepared
from service.tokens import token_hash

_trial, _attempt, _lease = tables.trial.c, tables.attempt.c, tables.lease.c


@dataclass(frozen=True)
class Held:
    """An attempt as it stands, with its trial's facts. `is_leased`: its lease row exists, expired or not."""

    trial_id: int
    attempt: int
    worker: str
    token_hash: bytes
    outcome: AttemptOutcome
    finish_hash: bytes | None
    last_step: int | None
    search_id: int
    number: int
    round: int
    origin: Origin
    lost_count: int
    state: TrialState
    newest: int
    """The trial's latest attempt."""
    is_leased: bool

    @property
    def is_live(self) -> bool:
        return self.outcome is AttemptOutcome.RUNNING and self.is_leased

    @property
    def is_free(self) -> bool:
        """It was lost, and nobody has taken its trial since."""
        is_newest = self.attempt == self.newest
        return self.outcome is AttemptOutcome.LOST and self.state is TrialState.QUEUED and is_newest


Key = tuple[int, int]
"""(trial id, attempt)"""
_HELD = Prepared(
    sa.select(
        *(_attempt[name] for name in ("trial_id", "attempt", "worker", "token_hash", "outcome", "finish_hash")),
        _attempt.last_step,
        *(_trial[name] for name in ("search_id", "number", "round", "origin", "lost_count", "state", "attempt")),
        _lease.trial_id,
    )
    .join_from(tables.attempt, tables.trial, _trial.id == _attempt.trial_id)
    .outerjoin(tables.lease, (_lease.trial_id == _attempt.trial_id) & (_lease.attempt == _attempt.attempt))
    .where(Among(_attempt.trial_id))
)


def key_of(proof: Proof) -> Key:
    return as_key(proof.trial), proof.attempt


def open_books(tx: Transaction, keys: Collection[Key]) -> tuple[dict[int, Ledger], dict[Key, Held]]:
    """Lock the searches that these attempts belong to, then read the attempts as they stand under the lock."""
    ids = sorted({trial for trial, _ in keys})
    books = ledgers.lock_owners(tx, ids)
    rows = _HELD.all(tx, ids=ids) if books else []
    held = {(row[0], row[1]): _held(row) for row in rows if (row[0], row[1]) in keys}
    return books, {key: value for key, value in held.items() if value.search_id in books}


def _held(row: Sequence[Any]) -> Held:
    trial, attempt, worker, token, outcome, finish, step, search, number, round_, origin, lost, state, newest, lease = (
        row
    )
    return Held(
        trial,
        attempt,
        worker,
        bytes(token),
        AttemptOutcome(outcome),
        None if finish is None else bytes(finish),
        step,
        search,
        number,
        round_,
        Origin(origin),
        lost,
        TrialState(state),
        newest,
        lease is not None,
    )


def no_longer(proof: Proof, held: Mapping[Key, Held]) -> Result | None:
    """The answer to a sender that may not speak for this attempt; None to one that may."""
    found = held.get(key_of(proof))
    if found is None or token_hash(proof.token) != found.token_hash:
        return Result(trial=proof.trial, status=Status.LOST, code="lease_lost", detail="no such lease")
    if found.outcome is AttemptOutcome.CANCELLED:
        return Result(trial=proof.trial, status=Status.STOP, reason=StopReason.CANCELLED)
    if found.outcome in (AttemptOutcome.LOST, AttemptOutcome.RETURNED):
        return Result(
            trial=proof.trial, status=Status.LOST, code="lease_lost", detail=f"this attempt was {found.outcome}"
        )
    return None


GRANT = Prepared(
    sa.insert(tables.lease), columns=["trial_id", "attempt", "worker", "granted_at", "beat_at", "expires_at"]
)
_REOPEN = Prepared(
    sa.update(tables.attempt)
    .where(_attempt.trial_id == sa.bindparam("of_trial"), _attempt.attempt == sa.bindparam("of_attempt"))
    .where(_attempt.outcome == AttemptOutcome.LOST)
    .values(outcome=AttemptOutcome.RUNNING, ended_at=None)
)
_RESUME = Prepared(
    sa.update(tables.trial)
    .where(_trial.id == sa.bindparam("of_trial"), _trial.attempt == sa.bindparam("of_attempt"))
    .where(_trial.state == TrialState.QUEUED)
    .values(state=TrialState.RUNNING, lost_count=_trial.lost_count - 1)
)


def salvage(
    tx: Transaction, books: Mapping[int, Ledger], proofs: Sequence[Proof], held: dict[Key, Held],
    *, ttl: timedelta, now: datetime,
) -> set[Key]:  # fmt: skip
    """Give lost attempts back to the workers that were only silent, where nobody has taken the trial since.

    A search in which others run in their place, as many as may, takes none back. Their entries in `held` are live
    afterwards. Returns their keys.
    """
    late = [
        value
        for proof in proofs
        if (value := held.get(key_of(proof))) is not None
        and value.is_free
        and token_hash(proof.token) == value.token_hash
    ]
    taken = set[Key]()
    for key, value in {(value.trial_id, value.attempt): value for value in late}.items():
        ledger = books[value.search_id]
        if ledger.counts[TrialState.RUNNING] >= ledger.search.parallel:
            continue
        lease = {"worker": value.worker, "granted_at": now, "beat_at": now, "expires_at": now + ttl}
        of = {"of_trial": value.trial_id, "of_attempt": value.attempt}
        if (_RESUME.run(tx, **of), _REOPEN.run(tx, **of)) != (1, 1):
            raise AssertionError(f"trial {value.trial_id} has no lost attempt {value.attempt} to go on with")
        GRANT.run(tx, trial_id=value.trial_id, attempt=value.attempt, **lease)
        ledger.move(TrialState.QUEUED, TrialState.RUNNING)
        held[key] = replace(
            value,
            outcome=AttemptOutcome.RUNNING,
            state=TrialState.RUNNING,
            lost_count=value.lost_count - 1,
            is_leased=True,
        )
        taken.add(key)
    return taken


_IN_ORDER = Prepared(
    sa.select(_lease.trial_id).where(Among(_lease.trial_id)).order_by(_lease.trial_id).with_for_update()
)


def lock_leases(tx: Transaction, trial_ids: Sequence[int]) -> None:
    """In one order for all: heartbeats lock leases too, without their searches (Postgres)."""
    if len(trial_ids) > 1 and tx.dialect.name == "postgresql":
        _IN_ORDER.all(tx, ids=list(trial_ids))


_DROP = Prepared(
    sa.delete(tables.lease).where(
        _lease.trial_id == sa.bindparam("of_trial"), _lease.attempt == sa.bindparam("of_attempt")
    )
)
_CLOSE = Prepared(
    sa.update(tables.attempt)
    .where(_attempt.trial_id == sa.bindparam("of_trial"), _attempt.attempt == sa.bindparam("of_attempt"))
    .where(_attempt.outcome == AttemptOutcome.RUNNING)
    .values(
        outcome=sa.bindparam("new_outcome"),
        finish_hash=sa.bindparam("new_finish_hash"),
        ended_at=sa.bindparam("new_ended_at"),
    )
)
_MOVED = ["state", "metrics", "value", "score", "diverged", "error_code", "error_detail", "finished_at", "lost_count",
          "available_at", "stopped_step", "verdict", "is_record"]  # fmt: skip


@cache
def _move(names: tuple[str, ...]) -> Prepared:
    """Moves a running trial; by the columns that change with it."""
    return Prepared(
        sa.update(tables.trial)
        .where(_trial.id == sa.bindparam("of_trial"), _trial.attempt == sa.bindparam("of_attempt"))
        .where(_trial.state == TrialState.RUNNING)
        .values({name: sa.bindparam(f"new_{name}") for name in names})
    )


@dataclass
class Endings:
    """Live attempts that end in one transaction. `store` carries them out, many rows to a statement."""

    now: datetime
    _ended: list[dict[str, Any]] = field(default_factory=list)
    _moved: dict[tuple[str, ...], list[dict[str, Any]]] = field(default_factory=dict)

    def end(self, held: Held, outcome: AttemptOutcome, *, finish_hash: bytes | None = None) -> None:
        """End an attempt and give up its lease."""
        of = {"of_trial": held.trial_id, "of_attempt": held.attempt}
        self._ended.append(of | {"new_outcome": outcome, "new_finish_hash": finish_hash, "new_ended_at": self.now})

    def move(self, ledger: Ledger, held: Held, state: TrialState, **columns: Any) -> None:
        """Move a running trial of a locked search to another state."""
        ledger.move(TrialState.RUNNING, state)
        changed = {"state": state} | columns
        row = {"of_trial": held.trial_id, "of_attempt": held.attempt}
        row |= {f"new_{name}": value for name, value in changed.items()}
        self._moved.setdefault(tuple(name for name in _MOVED if name in changed), []).append(row)

    def rank(self, ledger: Ledger, held: Held, state: TrialState, metrics: Mapping[str, Any], **columns: Any) -> None:
        """End a running trial with the value that its metrics, in their wire form, give it."""
        value = from_wire(metrics[ledger.search.metric])
        diverged = not math.isfinite(value)
        score = None if diverged else score_of(value, ledger.search.goal)
        ranked = {"value": None if diverged else value, "score": 0.0 if score is None else score, "diverged": diverged}
        ranked["is_record"] = ledger.rank(held.trial_id, score)
        self.move(ledger, held, state, metrics=dict(metrics), finished_at=self.now, **ranked, **columns)

    def store(self, tx: Transaction) -> None:
        lock_leases(tx, [row["of_trial"] for row in self._ended])
        _DROP.run_each(tx, self._ended)
        closed = _CLOSE.run_each(tx, self._ended)
        moved = sum(_move(names).run_each(tx, rows) for names, rows in self._moved.items())
        if (closed, moved) != (len(self._ended), sum(map(len, self._moved.values()))):
            raise AssertionError("an attempt that was to end runs no longer")
