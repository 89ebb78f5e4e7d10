"""The numbers that an operator watches: read from what is kept in any case, never by counting trials."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from caviar.states import OPEN_SEARCH_STATES, SearchState
from service.storage import tables, workers
from service.storage.database import Transaction

_search = tables.search.c


@dataclass(frozen=True)
class Queue:
    """What waits for one trainer, and what it works on."""

    trainer: str
    queued: int
    """Of active searches: trials that a worker could have, now or after a pause."""
    running: int


@dataclass(frozen=True)
class Census:
    queues: list[Queue]
    searches: dict[SearchState, int]
    """Those that are open: active or paused."""
    live_workers: dict[str, int]
    """How many live workers offer each trainer."""


def take(tx: Transaction, *, alive_since: datetime) -> Census:
    is_active = _search.state == SearchState.ACTIVE
    statement = (
        sa.select(
            _search.trainer,
            sa.func.sum(sa.case((is_active, _search.queued), else_=0)).label("queued"),
            sa.func.sum(_search.running).label("running"),
            sa.func.sum(sa.case((is_active, 1), else_=0)).label("active"),
            sa.func.count().label("open"),
        )
        .where(_search.state.in_(sorted(OPEN_SEARCH_STATES)))
        .group_by(_search.trainer)
        .order_by(_search.trainer)
    )
    rows = tx.execute(statement).all()
    active = sum(row.active for row in rows)
    return Census(
        [Queue(row.trainer, int(row.queued), int(row.running)) for row in rows],
        {SearchState.ACTIVE: active, SearchState.PAUSED: sum(row.open for row in rows) - active},
        workers.live_by_trainer(tx, since=alive_since),
    )
