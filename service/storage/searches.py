"""Searches: create, read, page, rename, delete. Every other change of a search goes through its ledger, ledgers.py."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from caviar.errors import NotFound
from caviar.spec import SearchSpec
from caviar.states import (
    OPEN_SEARCH_STATES,
    SearchState,
    TrialState,
)
from service.storage import tables
from service.storage.database import Transaction
from service.storage.records import Hyperparameters, SearchRecord

_search = tables.search.c


def create(
    tx: Transaction,
    spec: SearchSpec,
    *,
    start: Sequence[Hyperparameters] = (),
    parent: int | None = None,
    dataset_hash: str | None,
    now: datetime,
) -> int:
    """`start`: the hyperparameters of its first trials; `parent`: the search that it repeats."""
    late = now + timedelta(seconds=spec.max_seconds) if spec.max_seconds else None
    statement = sa.insert(tables.search).values(
        name=spec.name,
        notes=spec.notes,
        state=SearchState.ACTIVE,
        priority=spec.priority,
        spec=spec.document(),
        trainer=spec.trainer,
        dataset_name=spec.dataset,
        dataset_hash=dataset_hash,
        budget=spec.trials,
        parallel=spec.parallel,
        start=list(start) or None,
        parent_search=parent,
        created_at=now,
        deadline_at=late,
    )
    return int(tx.execute(statement.returning(_search.id)).scalar_one())


def find(tx: Transaction, search_id: int) -> SearchRecord | None:
    row = tx.execute(sa.select(tables.search).where(_search.id == search_id)).one_or_none()
    return None if row is None else as_record(row)


def get(tx: Transaction, search_id: int) -> SearchRecord:
    """Raises NotFound."""
    found = find(tx, search_id)
    if found is None:
        raise missing(search_id)
    return found


def missing(search_id: int) -> NotFound:
    return NotFound(f"there is no search {search_id}; GET /v1/searches lists them")


def page(tx: Transaction, *, limit: int, before: int | None) -> list[SearchRecord]:
    """Newest first."""
    statement = sa.select(tables.search).order_by(_search.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_search.id < before)
    return [as_record(row) for row in tx.execute(statement)]


def open_ids(tx: Transaction) -> list[int]:
    """Searches that are active or paused."""
    states = sorted(OPEN_SEARCH_STATES)
    return list(tx.execute(sa.select(_search.id).where(_search.state.in_(states)).order_by(_search.id)).scalars())


def delete(tx: Transaction, search_id: int) -> None:
    """Removes its trials, attempts, reports, leases and rounds with it. Raises NotFound."""
    if tx.execute(sa.delete(tables.search).where(_search.id == search_id)).rowcount == 0:
        raise missing(search_id)


def edit(tx: Transaction, search_id: int, **columns: Any) -> None:
    """Columns that no rule depends on: name, notes, priority."""
    tx.execute(sa.update(tables.search).where(_search.id == search_id).values(**columns, changes=_search.changes + 1))


def as_record(row: Any) -> SearchRecord:
    special = ("counts", "state", "start")
    values = {name: getattr(row, name) for name in SearchRecord.__dataclass_fields__ if name not in special}
    counts = {state: getattr(row, state.value) for state in TrialState}
    return SearchRecord(**values, state=SearchState(row.state), counts=counts, start=row.start or [])
