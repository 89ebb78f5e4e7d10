"""What moved in the store since the last look: asked once for all who wait, instead of by each of them.

No statement looks at searches that have ended, unless they are named, or at trials that are not queued.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from service.storage import tables
from service.storage.database import Database, Transaction

_search, _trial = tables.search.c, tables.trial.c


@dataclass(frozen=True)
class Counters:
    """A search's counters: of its changes, and of those of its leaderboard."""

    changes: int
    ranking: int


def is_shared(database: Database) -> bool:
    """Whether other servers may change it too: a SQLite file belongs to one (ownership.py)."""
    return database.url.get_backend_name() != "sqlite"


def active(tx: Transaction) -> dict[int, int]:
    """The change counters of the searches that hand out trials."""
    rows = tx.execute(sa.select(_search.id, _search.changes).where(tables.is_active))
    return {row.id: row.changes for row in rows}


def counters(tx: Transaction, search_ids: Collection[int]) -> dict[int, Counters]:
    """Of these searches, as far as they exist."""
    rows = tx.execute(sa.select(_search.id, _search.changes, _search.ranking).where(_search.id.in_(search_ids)))
    return {row.id: Counters(row.changes, row.ranking) for row in rows}


def has_become_available(tx: Transaction, *, after: datetime, up_to: datetime) -> bool:
    """Whether the pause of a queued trial ended in this time, by the clock alone."""
    is_theirs = (_trial.search_id == _search.id) & tables.is_queued
    statement = (
        sa.select(_trial.id)
        .join_from(tables.search, tables.trial, is_theirs)
        .where(tables.is_active, _trial.available_at > after, _trial.available_at <= up_to)
        .limit(1)
    )
    return tx.execute(statement).first() is not None
