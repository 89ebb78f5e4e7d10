"""Specs of searches, read once: they never change, and every claim, report and finish asks for one."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from service.storage import tables
from service.storage.prepared import Among, Prepared
from service.storage.records import Definition

_spec = tables.spec.c
_FIND = Prepared(sa.select(_spec.search_id, _spec.document).where(Among(_spec.search_id)))
MOST = 1000
PLACE = "specs"
"""Where a connection keeps them, all of one database the same."""

Key = tuple[int, datetime]
"""A search's id and when it was created: an id alone is given again when the transaction that took it is undone."""


class Specs:
    """The latest that were asked for. Safe to use from any thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[Key, Definition] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Definition | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def keep(self, key: Key, found: Definition) -> None:
        with self._lock:
            self._known[key] = found
            if len(self._known) > MOST:
                self._known.popitem(last=False)


def definitions(tx: Connection, keys: Iterable[Key]) -> dict[int, Definition]:
    """By search id."""
    known: Specs = tx.info[PLACE]
    wanted = list(keys)
    found = {key[0]: definition for key in wanted if (definition := known.get(key)) is not None}
    missing = {key[0]: key for key in wanted if key[0] not in found}
    if missing:
        for search_id, document in _FIND.all(tx, ids=sorted(missing)):
            found[search_id] = Definition(document)
            known.keep(missing[search_id], found[search_id])
    return found
