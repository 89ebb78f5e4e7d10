"""Report: metrics of a step, or none as a heartbeat. Either renews the lease."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from caviar.numbers import to_wire
from caviar.states import AttemptOutcome
from caviar.wire.protocol import Malformed, Result, Status, StopReason, TrialReport
from service.storage import ledgers, tables, workers
from service.storage.attempts import Held, Key, key_of, no_longer, open_books
from service.storage.database import Transaction, insert_or_ignore

_lease, _attempt, _report = tables.lease.c, tables.attempt.c, tables.report.c
StepKey = tuple[int, int, int]
"""(trial id, attempt, step)"""


def report(tx: Transaction, items: Sequence[TrialReport | Malformed], *, ttl: timedelta, now: datetime) -> list[Result]:
    """One answer per item, in order. A step that was reported before is accepted again if it says the same."""
    proofs = [item for item in items if isinstance(item, TrialReport)]
    books, held = open_books(tx, {key_of(proof) for proof in proofs})
    live = {key: value for key, value in held.items() if value.is_live}
    known = _known_steps(tx, proofs, live)
    fresh: dict[StepKey, dict[str, Any]] = {}
    results = [_judge(item, held, known, fresh, ttl) for item in items]
    if spoken := _spoken(items, results, live):
        _renew(tx, spoken, ttl=ttl, now=now)
    if fresh:
        _append(tx, fresh, now=now)
        for search_id in {live[trial, attempt].search_id for trial, attempt, _ in fresh}:
            ledgers.save(tx, books[search_id], now=now)
    return results


def _judge(
    item: TrialReport | Malformed,
    held: Mapping[Key, Held],
    known: Mapping[StepKey, dict[str, Any]],
    fresh: dict[StepKey, dict[str, Any]],
    ttl: timedelta,
) -> Result:
    if isinstance(item, Malformed):
        return Result(trial=item.trial, status=Status.REFUSED, code="invalid_item", detail=item.detail)
    if (gone := no_longer(item, held)) is not None:
        return gone
    key = key_of(item)
    if held[key].outcome is AttemptOutcome.STOPPED:
        return Result(trial=item.trial, status=Status.STOP, reason=StopReason.STOPPED)
    ok = Result(trial=item.trial, status=Status.OK, ttl_seconds=ttl.total_seconds())
    if not held[key].is_live or not item.metrics:
        return ok
    if item.step is None:
        return Result(trial=item.trial, status=Status.REFUSED, code="step_missing", detail="metrics belong to a step")
    metrics = {name: to_wire(value) for name, value in item.metrics.items()}
    step = (*key, item.step)
    before = known.get(step) or fresh.setdefault(step, metrics)
    if before != metrics:
        detail = f"step {item.step} was reported with other metrics; a step is reported once"
        return Result(trial=item.trial, status=Status.REFUSED, code="metric_conflict", detail=detail)
    return ok


def _spoken(items: Sequence[TrialReport | Malformed], results: Sequence[Result], live: Mapping[Key, Held]) -> set[Held]:
    """The live attempts that were answered ok."""
    keys = [
        key_of(item)
        for item, result in zip(items, results, strict=True)
        if isinstance(item, TrialReport) and result.status is Status.OK
    ]
    return {live[key] for key in keys if key in live}


def _known_steps(
    tx: Transaction, proofs: Sequence[TrialReport], live: Mapping[Key, Held]
) -> dict[StepKey, dict[str, Any]]:
    """What was said before of steps up to the last one stored; of later ones nothing was."""
    wanted = {(*key_of(p), p.step) for p in proofs if p.step is not None}
    keys = [(t, a, step) for t, a, step in wanted if (t, a) in live and step <= (live[t, a].last_step or 0)]
    if not keys:
        return {}
    statement = sa.select(tables.report).where(sa.tuple_(_report.trial_id, _report.attempt, _report.step).in_(keys))
    return {(row.trial_id, row.attempt, row.step): row.metrics for row in tx.execute(statement)}


def _renew(tx: Transaction, spoken: set[Held], *, ttl: timedelta, now: datetime) -> None:
    """A lease is never shortened: `now` may come from a clock that stepped back."""
    ids = sorted(held.trial_id for held in spoken)
    renewed = sa.literal(now + ttl, _lease.expires_at.type)
    later = sa.case((_lease.expires_at > renewed, _lease.expires_at), else_=renewed)
    tx.execute(sa.update(tables.lease).where(_lease.trial_id.in_(ids)).values(beat_at=now, expires_at=later))
    workers.seen(tx, sorted({held.worker for held in spoken}), now=now)


def _append(tx: Transaction, fresh: Mapping[StepKey, dict[str, Any]], *, now: datetime) -> None:
    rows = [
        {"trial_id": trial, "attempt": attempt, "step": step, "metrics": metrics, "reported_at": now}
        for (trial, attempt, step), metrics in fresh.items()
    ]
    insert_or_ignore(tx, tables.report, rows)
    last: dict[Key, int] = {}
    for trial, attempt, step in fresh:
        last[trial, attempt] = max(step, last.get((trial, attempt), step))
    rising = _attempt.last_step.is_(None) | (_attempt.last_step < sa.bindparam("new_step"))
    tx.execute(
        sa.update(tables.attempt)
        .where(_attempt.trial_id == sa.bindparam("of_trial"), _attempt.attempt == sa.bindparam("of_attempt"), rising)
        .values(last_step=sa.bindparam("new_step")),
        [{"of_trial": trial, "of_attempt": attempt, "new_step": step} for (trial, attempt), step in last.items()],
    )
