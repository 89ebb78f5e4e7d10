"""Changes that wait for their transaction's next question or its end, and then reach Postgres as one statement.

A way to Postgres and back takes longer than most changes do. What a claim or a finish changes at its end are rows of
several tables, by their keys, and no change asks what another did. On SQLite, which is no way off, each is carried out
at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from service.storage.prepared import PENDING, Prepared, Values, driver

MISMATCH = "22012"
"""The SQLSTATE by which Postgres refuses changes of other than the expected number of rows: a division by zero."""
_OTHERS = "other rows were to change than those that are there"


class _Change(NamedTuple):
    statement: Prepared
    rows: Sequence[Values]
    expected: int | None


@dataclass
class _Pending:
    """Of one transaction."""

    changes: list[_Change] = field(default_factory=list)

    def carry_out(self, tx: Connection) -> None:
        changes = self.changes
        while changes:
            group = _first_group(changes)
            changes = changes[len(group) :]
            driver(tx).execute(*_together(tx, group))


def later(tx: Connection, statement: Prepared, rows: Sequence[Values], *, expected: int | None = None) -> None:
    """An insert, update or delete, once for each of the rows, before anything else is asked in this transaction.

    Where other than the `expected` number of rows would change, the transaction fails with an AssertionError.
    """
    if not rows:
        return
    if tx.dialect.name == "postgresql":
        tx.info.setdefault(PENDING, _Pending()).changes.append(_Change(statement, rows, expected))
    elif statement.run_each(tx, rows) != expected and expected is not None:
        raise mismatch()


def mismatch() -> AssertionError:
    return AssertionError(_OTHERS)


def _first_group(changes: Sequence[_Change]) -> Sequence[_Change]:
    """As many as can be one statement. Its parts see every table as it was before, so no row may be changed by two.

    New rows may join a table whose old ones change.
    """
    kinds: dict[str, str] = {}
    for place, (statement, _, _) in enumerate(changes):
        before = kinds.get(statement.table)
        if before is not None and (before, statement.kind) != ("update", "insert"):
            return changes[:place]
        kinds[statement.table] = statement.kind
    return changes


def _together(tx: Connection, group: Sequence[_Change]) -> tuple[str, dict[str, Any]]:
    calls = [change.statement.call(tx, change.rows) for change in group]
    values = {f"{place}_{name}": value for place, (_, given) in enumerate(calls) for name, value in given.items()}
    counted = {place: change.expected for place, change in enumerate(group) if change.expected is not None}
    values |= {f"{place}_rows": count for place, count in counted.items()}
    return as_one(tuple((sql, tuple(given)) for sql, given in calls), tuple(counted)), values


@cache
def as_one(statements: Sequence[tuple[str, Sequence[str]]], counted: Sequence[int]) -> str:
    """One statement for psycopg, made of several and the names of their values: those of the first begin with `0_`.

    It fails with MISMATCH where one of those that are `counted` changes other than `<its place>_rows` rows.
    """
    parts = []
    for place, (sql, names) in enumerate(statements):
        part = sql
        for name in names:
            part = part.replace(f"%({name})s", f"%({place}_{name})s")
        parts.append(f"s{place} AS ({part} RETURNING 1)")
    as_expected = [f"(SELECT count(*) FROM s{place}) = %({place}_rows)s" for place in counted]
    return f"WITH {', '.join(parts)} SELECT 1 / ({' AND '.join(as_expected) or 'true'})::integer"
