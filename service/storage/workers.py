"""Workers: who spoke when, what each offers, what each holds."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from caviar.wire.protocol import ClaimRequest
from service.storage import tables
from service.storage.database import Transaction, insert_or_ignore
from service.storage.heard import heard_of
from service.storage.pending import later
from service.storage.prepared import Among, Prepared
from service.storage.records import WorkerRecord

_worker, _offer = tables.worker.c, tables.offer.c

IDLE_SILENCE = timedelta(seconds=45)
"""Longer than the longest long poll: an idle worker speaks once per poll."""


def alive_since(now: datetime, ttl: timedelta) -> datetime:
    """A worker not heard since then counts as gone."""
    return now - max(ttl, IDLE_SILENCE)


_TOUCH = Prepared(
    sa.update(tables.worker)
    .where(_worker.name == sa.bindparam("of_worker"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("capacity", "features", "about", "seen_at")})
)
_OFFERED = Prepared(sa.select(_offer.trainer).where(_offer.worker == sa.bindparam("of_worker")))


def touch(tx: Transaction, request: ClaimRequest, *, now: datetime) -> None:
    """A worker asked for trials: remember it and what it offers."""
    name, heard = request.worker, heard_of(tx)
    facts = {"capacity": request.capacity, "features": request.features, "about": request.about}
    offers = facts | {"trainers": request.trainers}
    if heard.is_old_news(name, now=now, offers=offers):
        return
    facts["seen_at"] = now
    if _TOUCH.run(tx, of_worker=name, **{f"new_{fact}": value for fact, value in facts.items()}) == 0:
        insert_or_ignore(tx, tables.worker, [{"name": name, "first_seen_at": now, **facts}])
    known = {trainer for (trainer,) in _OFFERED.all(tx, of_worker=name)}
    if gone := known - set(request.trainers):
        tx.execute(sa.delete(tables.offer).where(_offer.worker == name, _offer.trainer.in_(gone)))
    if new := sorted(set(request.trainers) - known):
        insert_or_ignore(tx, tables.offer, [{"worker": name, "trainer": trainer} for trainer in new])
    if not (gone or new):
        heard.note(name, offers)


def is_known(tx: Transaction, name: str) -> bool:
    return tx.execute(sa.select(_worker.name).where(_worker.name == name)).first() is not None


def understands(tx: Transaction, name: str, feature: str) -> bool:
    """Whether a worker said so with its last claim; a worker that was forgotten did not."""
    features = tx.execute(sa.select(_worker.features).where(_worker.name == name)).scalar_one_or_none()
    return feature in (features or ())


_SEEN = Prepared(
    sa.update(tables.worker).where(_worker.name == sa.bindparam("of_worker")).values(seen_at=sa.bindparam("heard_at"))
)


def seen(tx: Transaction, names: Collection[str], *, now: datetime) -> None:
    """Workers that hold leases spoke."""
    heard = heard_of(tx)
    fresh = [name for name in sorted(names) if not heard.is_old_news(name, now=now)]
    later(tx, _SEEN, [{"of_worker": name, "heard_at": now} for name in fresh])


_LIVE = Prepared(
    sa.select(_offer.trainer, sa.func.count())
    .join_from(tables.offer, tables.worker, _worker.name == _offer.worker)
    .where(_worker.seen_at > sa.bindparam("since"))
    .group_by(_offer.trainer)
)


def live_by_trainer(tx: Transaction, *, since: datetime) -> dict[str, int]:
    """How many workers heard since then offer each trainer."""
    return {str(trainer): int(workers) for trainer, workers in _LIVE.all(tx, since=since)}


# From the leases to their trials: joined, SQLite may begin with all trials of the searches.
_OF_SEARCH = sa.select(tables.trial.c.search_id).where(tables.trial.c.id == tables.lease.c.trial_id).scalar_subquery()
_HELD = Prepared(
    sa.select(sa.func.count()).where(tables.lease.c.worker == sa.bindparam("of_worker"), Among(_OF_SEARCH))
)


def held(tx: Transaction, name: str, search_ids: Collection[int]) -> int:
    """How many trials of these searches a worker holds."""
    row = _HELD.first(tx, of_worker=name, ids=list(search_ids))
    return 0 if row is None else int(row[0])


def page(tx: Transaction, *, limit: int, after: str | None) -> list[WorkerRecord]:
    """By name."""
    statement = sa.select(tables.worker).order_by(_worker.name).limit(limit)
    if after is not None:
        statement = statement.where(_worker.name > after)
    rows = list(tx.execute(statement))
    names = [row.name for row in rows]
    trainers = _grouped(tx, sa.select(_offer.worker, _offer.trainer).where(_offer.worker.in_(names)))
    lease = tables.lease.c
    held = _grouped(tx, sa.select(lease.worker, lease.trial_id).where(lease.worker.in_(names)).order_by(lease.trial_id))
    return [
        WorkerRecord(
            name=row.name,
            trainers=sorted(trainers.get(row.name, [])),
            capacity=row.capacity,
            about=row.about,
            running=held.get(row.name, []),
            first_seen_at=row.first_seen_at,
            seen_at=row.seen_at,
        )
        for row in rows
    ]


def forget(tx: Transaction, *, before: datetime) -> None:
    """Drop workers not heard since then that hold nothing."""
    holds = sa.exists().where(tables.lease.c.worker == _worker.name)
    tx.execute(sa.delete(tables.worker).where(_worker.seen_at < before, ~holds))


def _grouped(tx: Transaction, pairs: sa.Select[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for key, value in tx.execute(pairs):
        found.setdefault(key, []).append(value)
    return found
