"""Finish: an attempt ends as completed, failed or returned. The same finish twice is ok twice."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from caviar.numbers import to_wire
from caviar.states import AttemptOutcome, TrialState
from caviar.wire.protocol import Malformed, Result, Status, TrialOutcome
from service.storage import ledgers, tables, workers
from service.storage.attempts import Endings, Held, Key, key_of, no_longer, open_books, salvage
from service.storage.database import Transaction
from service.storage.ledgers import Ledger
from service.storage.prepared import Prepared
from service.storage.records import SearchRecord

_report = tables.report.c
LONGEST_ERROR = 8192
_OUTCOMES = {
    "completed": AttemptOutcome.COMPLETED,
    "failed": AttemptOutcome.FAILED,
    "returned": AttemptOutcome.RETURNED,
}


@dataclass(frozen=True)
class Finished:
    """The answers, one per item and in order; the searches in which an attempt ended, as they were, and what was
    refilled there.
    """

    results: list[Result]
    searches: list[SearchRecord]
    new_rounds: int
    new_trials: int


def finish(
    tx: Transaction,
    items: Sequence[TrialOutcome | Malformed],
    *,
    ttl: timedelta,
    now: datetime,
    refill: Callable[[Ledger], None] = lambda _ledger: None,
) -> Finished:
    """`refill` may put new trials into a search in which an attempt has ended, before it is stored."""
    said = [item for item in items if isinstance(item, TrialOutcome)]
    books, held = open_books(tx, {key_of(item) for item in said})
    late = salvage(tx, books, said, held, ttl=ttl, now=now)
    endings, results, ended = Endings(now), [], {held[key].search_id for key in late}
    for item in items:
        if isinstance(item, Malformed):
            results.append(Result(trial=item.trial, status=Status.REFUSED, code="invalid_item", detail=item.detail))
            continue
        digest = _digest(item)
        result = _judge(item, digest, held)
        if result is None:
            key = key_of(item)
            _end(tx, endings, books[held[key].search_id], held[key], item, digest)
            ended.add(held[key].search_id)
            # A second finish of this attempt in the same request meets it as it now stands.
            held[key] = replace(held[key], outcome=_OUTCOMES[item.outcome], finish_hash=digest, is_leased=False)
            result = Result(trial=item.trial, status=Status.OK)
        results.append(result)
    endings.store(tx)
    for search_id in sorted(ended):
        refill(books[search_id])
        ledgers.save(tx, books[search_id], now=now)
    spoken = {
        held[key_of(i)].worker
        for i, r in zip(items, results, strict=True)
        if r.status is Status.OK and isinstance(i, TrialOutcome)
    }
    workers.seen(tx, sorted(spoken), now=now)
    changed = [books[search_id] for search_id in sorted(ended)]
    return Finished(
        results,
        [ledger.search for ledger in changed],
        new_rounds=sum(ledger.next_round - ledger.search.next_round for ledger in changed),
        new_trials=sum(ledger.next_number - ledger.search.next_number for ledger in changed),
    )


def _judge(item: TrialOutcome, digest: bytes, held: Mapping[Key, Held]) -> Result | None:
    """The answer to a finish that changes nothing; None to one that is to be carried out."""
    found = held.get(key_of(item))
    if found is not None and found.finish_hash is not None and found.finish_hash == digest:
        return Result(trial=item.trial, status=Status.OK)
    if (gone := no_longer(item, held)) is not None:
        return gone
    assert found is not None
    if found.is_live:
        return None
    if found.outcome is AttemptOutcome.STOPPED:
        return Result(trial=item.trial, status=Status.OK)
    detail = f"this attempt was already finished as {found.outcome}, with other content"
    return Result(trial=item.trial, status=Status.REFUSED, code="finish_conflict", detail=detail)


def _digest(item: TrialOutcome) -> bytes:
    """What makes two finishes the same; the token is part of it, so that a digest proves the lease too."""
    return hashlib.sha256(json.dumps(item.model_dump(mode="json"), sort_keys=True).encode()).digest()


def _end(tx: Transaction, endings: Endings, ledger: Ledger, held: Held, item: TrialOutcome, digest: bytes) -> None:
    if item.outcome == "returned":
        endings.end(held, AttemptOutcome.RETURNED, finish_hash=digest)
        endings.move(ledger, held, TrialState.QUEUED, available_at=endings.now)
        return
    metrics = {**_last_metrics(tx, held), **{name: to_wire(value) for name, value in item.metrics.items()}}
    error = _error(item, ledger, metrics)
    outcome = AttemptOutcome.COMPLETED if error is None else AttemptOutcome.FAILED
    endings.end(held, outcome, finish_hash=digest)
    if error is not None:
        code, detail = error
        columns = {"error_code": code, "error_detail": detail, "metrics": metrics, "finished_at": endings.now}
        endings.move(ledger, held, TrialState.FAILED, **columns)
    else:
        endings.rank(ledger, held, TrialState.COMPLETED, metrics)


def _error(item: TrialOutcome, ledger: Ledger, metrics: Mapping[str, Any]) -> tuple[str, str] | None:
    """Code and sentence of a trial that has no value; None for one that has."""
    if item.outcome == "failed":
        text = (item.error or "the worker gave no reason")[-LONGEST_ERROR:]
        return "exception", text.replace("\0", "\\x00")  # Postgres stores no NUL
    if (metric := ledger.search.metric) not in metrics:
        named = ", ".join(sorted(metrics)) or "none at all"
        return (
            "metric_missing",
            f"the search ranks by {metric}, but the trial reported {named}",
        )
    return None


_LAST = Prepared(
    sa.select(_report.metrics).where(
        _report.trial_id == sa.bindparam("of_trial"),
        _report.attempt == sa.bindparam("of_attempt"),
        _report.step == sa.bindparam("at_step"),
    )
)


def _last_metrics(tx: Transaction, held: Held) -> dict[str, Any]:
    """The attempt's last report."""
    if held.last_step is None:
        return {}
    row = _LAST.first(tx, of_trial=held.trial_id, of_attempt=held.attempt, at_step=held.last_step)
    return {} if row is None else dict(row[0])
