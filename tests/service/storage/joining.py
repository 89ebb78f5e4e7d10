"""Statements on workers, which are as good as any for what is not about workers."""

from typing import Any

import sqlalchemy as sa

from service.storage import tables
from service.storage.prepared import Prepared
from tests.service.desk import START

_worker = tables.worker.c
_FACTS = {"capacity": 1, "features": [], "about": {}, "first_seen_at": START, "seen_at": START}
JOIN = Prepared(sa.insert(tables.worker), columns=["name", *_FACTS])
GROW = Prepared(
    sa.update(tables.worker).where(_worker.name == sa.bindparam("of")).values(capacity=_worker.capacity + 1)
)


def joined(*names: str) -> list[dict[str, Any]]:
    """The rows of JOIN."""
    return [{"name": name, **_FACTS} for name in names]
