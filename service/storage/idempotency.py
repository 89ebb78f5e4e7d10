"""Idempotency-Key: which search or trial a key has already created, for as long as a client may still retry."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from caviar.errors import IdempotencyMismatch
from service.storage import tables
from service.storage.database import Transaction, insert_or_ignore

_row = tables.idempotency.c
RESERVED = -1
"""Stands for the id until the creating statement has given one, inside the same transaction."""


def once(
    tx: Transaction, *, route: str, key: str | None, body: Any, now: datetime, create: Callable[[], int]
) -> tuple[int, bool]:
    """The id that `create` gives, or the one it gave when this key came first; and whether it was created now.

    Raises IdempotencyMismatch when the key came with another body.
    """
    if key is None:
        return create(), True
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    row = {"route": route, "key": key, "body_hash": digest, "created_id": RESERVED, "created_at": now}
    # The row comes first: a second request with this key waits here until the first has committed.
    if not insert_or_ignore(tx, tables.idempotency, [row]):
        found = tx.execute(sa.select(tables.idempotency).where(_row.route == route, _row.key == key)).one()
        if found.body_hash != digest:
            raise IdempotencyMismatch("this Idempotency-Key came before with another body; use a new key for a new one")
        return int(found.created_id), False
    created = create()
    tx.execute(sa.update(tables.idempotency).where(_row.route == route, _row.key == key).values(created_id=created))
    return created, True


def forget_created(tx: Transaction, *, route: str, created_id: int) -> None:
    """What a key created was deleted: the key may create anew."""
    tx.execute(sa.delete(tables.idempotency).where(_row.route == route, _row.created_id == created_id))


def forget(tx: Transaction, *, before: datetime) -> None:
    tx.execute(sa.delete(tables.idempotency).where(_row.created_at < before))
