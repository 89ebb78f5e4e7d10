"""What a worker says of the attempts it holds, matched against what is stored. Report and finish begin here."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
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
from service.tokens import token_hash

_trial, _attempt, _lease = tables.trial.c, tables.attempt.c, tables.lease.c
_OF_THE_TRIAL = (_trial.search_id, _trial.number, _trial.round, _trial.origin, _trial.lost_count)


@dataclass(frozen=True)
class Held:
    """An attempt as it stands, with its trial's facts. `is_leased`: its lease row exists, expired or not."""

    trial_id: int
    search_id: int
    number: int
    round: int
    origin: Origin
    attempt: int
    worker: str
    token_hash: bytes
    outcome: AttemptOutcome
    finish_hash: bytes | None
    last_step: int | None
    lost_count: int
    is_leased: bool

    @property
    def is_live(self) -> bool:
        return self.outcome is AttemptOutcome.RUNNING and self.is_leased


Key = tuple[int, int]
"""(trial id, attempt)"""


def key_of(proof: Proof) -> Key:
    return as_key(proof.trial), proof.attempt


def open_books(tx: Transaction, keys: Collection[Key]) -> tuple[dict[int, Ledger], dict[Key, Held]]:
    """Lock the searches that these attempts belong to, then read the attempts as they stand under the lock."""
    ids = sorted({trial for trial, _ in keys})
    books = ledgers.lock_owners(tx, sa.select(_trial.search_id).where(_trial.id.in_(ids)))
    statement = (
        sa.select(*tables.attempt.c, *_OF_THE_TRIAL, _lease.trial_id.is_not(None).label("is_leased"))
        .join_from(tables.attempt, tables.trial, _trial.id == _attempt.trial_id)
        .outerjoin(tables.lease, (_lease.trial_id == _attempt.trial_id) & (_lease.attempt == _attempt.attempt))
        .where(_attempt.trial_id.in_(ids))
    )
    rows = tx.execute(statement).all()
    held = {(row.trial_id, row.attempt): _held(row) for row in rows if (row.trial_id, row.attempt) in keys}
    return books, {key: value for key, value in held.items() if value.search_id in books}


def _held(row: Any) -> Held:
    values = {name: getattr(row, name) for name in Held.__dataclass_fields__}
    return Held(**(values | {"outcome": AttemptOutcome(row.outcome), "origin": Origin(row.origin)}))


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


def close(tx: Transaction, held: Held, outcome: AttemptOutcome, *, finish_hash: bytes | None, now: datetime) -> None:
    """End a live attempt and give up its lease."""
    tx.execute(sa.delete(tables.lease).where(_lease.trial_id == held.trial_id, _lease.attempt == held.attempt))
    tx.execute(
        sa.update(tables.attempt)
        .where(_attempt.trial_id == held.trial_id, _attempt.attempt == held.attempt)
        .where(_attempt.outcome == AttemptOutcome.RUNNING)
        .values(outcome=outcome, finish_hash=finish_hash, ended_at=now)
    )


def set_trial(tx: Transaction, ledger: Ledger, held: Held, state: TrialState, **columns: Any) -> None:
    """Move a running trial of a locked search to another state."""
    changed = tx.execute(
        sa.update(tables.trial)
        .where(_trial.id == held.trial_id, _trial.attempt == held.attempt, _trial.state == TrialState.RUNNING)
        .values(state=state, **columns)
    ).rowcount
    if changed != 1:
        raise AssertionError(f"trial {held.trial_id} is not running attempt {held.attempt}")
    ledger.move(TrialState.RUNNING, state)


def rank_trial(
    tx: Transaction, ledger: Ledger, held: Held, state: TrialState, metrics: Mapping[str, Any], **columns: Any
) -> None:
    """End a running trial with the value that its metrics, in their wire form, give it."""
    value = from_wire(metrics[ledger.search.metric])
    diverged = not math.isfinite(value)
    score = None if diverged else score_of(value, ledger.search.goal)
    ranked = {"value": None if diverged else value, "score": 0.0 if score is None else score, "diverged": diverged}
    set_trial(tx, ledger, held, state, metrics=dict(metrics), **ranked, **columns)
    ledger.rank(held.trial_id, score)
