"""Report: metrics of a step, or none as a heartbeat. Either renews the lease."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from caviar.numbers import to_wire
from caviar.states import AttemptOutcome
from caviar.wire.protocol import Malformed, Result, Status, StopReason, TrialReport
from service.storage import ledgers, tables, workers
from service.storage.attempts import Endings, Held, Key, key_of, no_longer, open_books, salvage
from service.storage.database import Transaction
from service.storage.leases import renew
from service.storage.pending import later
from service.storage.prepared import Among, Prepared
from service.storage.stops import Referee, Stop, carry_out
from service.tokens import token_hash

_attempt, _lease, _report = tables.attempt.c, tables.lease.c, tables.report.c
StepKey = tuple[int, int, int]
"""(trial id, attempt, step)"""


@dataclass(frozen=True)
class Heard:
    """The answers, one per item and in order; the searches that changed, and those in which a trial was stopped."""

    results: list[Result]
    changed: list[int]
    stopped: list[int]


def report(tx: Transaction, items: Sequence[TrialReport | Malformed], *, ttl: timedelta, now: datetime) -> Heard:
    """A step that was reported before is accepted again if it says the same."""
    if (beats := _heartbeats(tx, items, ttl=ttl, now=now)) is not None:
        return Heard(beats, [], [])
    hearing = _Hearing(tx, [item for item in items if isinstance(item, TrialReport)], ttl=ttl, now=now)
    results = [hearing.hear(item) for item in items]
    return Heard(results, *hearing.close())


_LIVE = Prepared(
    sa.select(_lease.trial_id, _lease.attempt, _attempt.token_hash, _attempt.worker)
    .join_from(
        tables.lease, tables.attempt, (_attempt.trial_id == _lease.trial_id) & (_attempt.attempt == _lease.attempt)
    )
    .where(Among(_lease.trial_id))
)


def _heartbeats(
    tx: Transaction, items: Sequence[TrialReport | Malformed], *, ttl: timedelta, now: datetime
) -> list[Result] | None:
    """The answers to heartbeats of leases that all live: they change nothing of a search, which need not be locked.

    None where something else was said, or must be looked into.
    """
    beats = [item for item in items if isinstance(item, TrialReport) and not item.metrics]
    if not beats or len(beats) != len(items):
        return None
    rows = _LIVE.all(tx, ids=sorted({key_of(beat)[0] for beat in beats}))
    held = {(trial, attempt): (bytes(hashed), worker) for trial, attempt, hashed, worker in rows}
    if any(held.get(key_of(beat), (b"", ""))[0] != token_hash(beat.token) for beat in beats):
        return None
    # One that has ended since is not looked into: with locks on leases, nobody may wait for the search of another. Its
    # worker hears of it with its next word.
    renew(tx, [row[0] for row in rows], until=now + ttl, now=now)
    workers.seen(tx, {worker for _, worker in held.values()}, now=now)
    return [Result(trial=beat.trial, status=Status.OK, ttl_seconds=ttl.total_seconds()) for beat in beats]


class _Hearing:
    """Hears items one by one, so that what follows the report that stops a trial changes nothing; stores at the end."""

    def __init__(self, tx: Transaction, proofs: Sequence[TrialReport], *, ttl: timedelta, now: datetime) -> None:
        self._tx, self._ttl, self._now = tx, ttl, now
        self._books, self._held = open_books(tx, {key_of(proof) for proof in proofs})
        self._changed = {
            self._held[key].search_id for key in salvage(tx, self._books, proofs, self._held, ttl=ttl, now=now)
        }
        live = {key: held for key, held in self._held.items() if held.is_live}
        self._known = _known_steps(tx, proofs, live)
        judged = {live[key_of(proof)] for proof in proofs if proof.metrics and key_of(proof) in live}
        self._referee = Referee(tx, self._books, judged)
        self._fresh: dict[StepKey, dict[str, Any]] = {}
        self._spoken: set[Held] = set()
        self._stops: list[Stop] = []
        self._understands_stop: dict[str, bool] = {}

    def hear(self, item: TrialReport | Malformed) -> Result:
        if isinstance(item, Malformed):
            return _refused(item, "invalid_item", item.detail)
        if (gone := no_longer(item, self._held)) is not None:
            return gone
        held = self._held[key_of(item)]
        if held.outcome is AttemptOutcome.STOPPED:
            return self._stopped(held, item)
        if not held.is_live:
            return self._ok(item)
        answer = (self._note(held, item) if item.metrics else None) or self._ok(item)
        if answer.status is not Status.REFUSED:
            self._spoken.add(held)
        return answer

    def _ok(self, item: TrialReport) -> Result:
        return Result(trial=item.trial, status=Status.OK, ttl_seconds=self._ttl.total_seconds())

    def _note(self, held: Held, item: TrialReport) -> Result | None:
        """Keep the metrics of a step and judge the trial by them. None when all is well and it goes on."""
        if item.step is None:
            return _refused(item, "step_missing", "metrics belong to a step")
        metrics = {name: to_wire(value) for name, value in item.metrics.items()}
        step = (*key_of(item), item.step)
        before = self._known.get(step) or self._fresh.get(step)
        if before is not None and before != metrics:
            other = f"step {item.step} was reported with other metrics; a step is reported once"
            return _refused(item, "metric_conflict", other)
        if before is None:
            self._fresh[step] = metrics
            if stop := self._referee.judge(held, item):
                return self._stop(stop, item)
        return None

    def _stop(self, stop: Stop, item: TrialReport) -> Result:
        self._stops.append(stop)
        self._held[key_of(item)] = replace(stop.held, outcome=AttemptOutcome.STOPPED, is_leased=False)
        return self._stopped(stop.held, item)

    def _stopped(self, held: Held, item: TrialReport) -> Result:
        """A worker is asked only for what it said it understands; another is let talk, and nothing comes of it."""
        if held.worker not in self._understands_stop:
            self._understands_stop[held.worker] = workers.understands(self._tx, held.worker, "stop")
        if self._understands_stop[held.worker]:
            return Result(trial=item.trial, status=Status.STOP, reason=StopReason.STOPPED)
        return self._ok(item)

    def close(self) -> tuple[list[int], list[int]]:
        """Store what was heard; returns the searches that changed, and those in which a trial was stopped."""
        if self._spoken:
            _renew(self._tx, self._spoken, ttl=self._ttl, now=self._now)
        if self._fresh:
            _append(self._tx, self._fresh, now=self._now)
        self._referee.keep()
        endings = Endings(self._now)
        for stop in self._stops:
            carry_out(endings, self._books[stop.held.search_id], stop)
        endings.store(self._tx)
        self._changed |= {self._held[trial, attempt].search_id for trial, attempt, _ in self._fresh}
        for search_id in sorted(self._changed):
            ledgers.save(self._tx, self._books[search_id], now=self._now)
        return sorted(self._changed), sorted({stop.held.search_id for stop in self._stops})


def _refused(item: TrialReport | Malformed, code: str, detail: str) -> Result:
    return Result(trial=item.trial, status=Status.REFUSED, code=code, detail=detail)


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
    renew(tx, sorted(held.trial_id for held in spoken), until=now + ttl, now=now)
    workers.seen(tx, sorted({held.worker for held in spoken}), now=now)


_KEEP = Prepared(sa.insert(tables.report), columns=["trial_id", "attempt", "step", "metrics", "reported_at"])
_ADVANCE = Prepared(
    sa.update(tables.attempt)
    .where(_attempt.trial_id == sa.bindparam("of_trial"), _attempt.attempt == sa.bindparam("of_attempt"))
    .where(_attempt.last_step.is_(None) | (_attempt.last_step < sa.bindparam("new_step")))
    .values(last_step=sa.bindparam("new_step"))
)


def _append(tx: Transaction, fresh: Mapping[StepKey, dict[str, Any]], *, now: datetime) -> None:
    rows = [
        {"trial_id": trial, "attempt": attempt, "step": step, "metrics": metrics, "reported_at": now}
        for (trial, attempt, step), metrics in fresh.items()
    ]
    later(tx, _KEEP, rows)
    last: dict[Key, int] = {}
    for trial, attempt, step in fresh:
        last[trial, attempt] = max(step, last.get((trial, attempt), step))
    steps = [{"of_trial": trial, "of_attempt": attempt, "new_step": step} for (trial, attempt), step in last.items()]
    later(tx, _ADVANCE, steps)
