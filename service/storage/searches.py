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
from service.storage.prepared import Among, Prepared
from service.storage.records import Definition, Hyperparameters, SearchRecord
from service.storage.specs import definitions

_search = tables.search.c
_NAMES = [name for name in SearchRecord.__dataclass_fields__ if name not in ("definition", "counts")]
_TIMES = ["deadline_at", "finished_at", "created_at"]
_PLAIN = len(_NAMES) - len(_TIMES)
COLUMNS = [_search[name] for name in (*_NAMES[:_PLAIN], *(state.value for state in TrialState), *_TIMES)]
_FIND = Prepared(sa.select(*COLUMNS).where(Among(_search.id)))


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
    search_id = int(tx.execute(statement.returning(_search.id)).scalar_one())
    tx.execute(sa.insert(tables.spec).values(search_id=search_id, document=spec.document()))
    return search_id


def find(tx: Transaction, search_id: int) -> SearchRecord | None:
    return next(iter(records(tx, _FIND.all(tx, ids=[search_id]))), None)


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
    statement = sa.select(*COLUMNS).order_by(_search.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_search.id < before)
    return records(tx, tx.execute(statement).all())


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


def records(tx: Transaction, rows: Sequence[Any]) -> list[SearchRecord]:
    """From rows of COLUMNS, in their order, without those that were deleted since they were read."""
    found = definitions(tx, [(row[0], row[-1]) for row in rows])
    return [_record(found[row[0]], row) for row in rows if row[0] in found]


def _record(definition: Definition, row: Any) -> SearchRecord:
    # By place and not by name: every claim, report and finish reads a search.
    plain, counts, times = row[:_PLAIN], row[_PLAIN:-3], row[-3:]
    search_id, name, notes, state, *others, start = plain
    counted = dict(zip(TrialState, counts, strict=True))
    cells = [definition, search_id, name, notes, SearchState(state), *others, start or [], counted, *times]
    return SearchRecord(*cells)
