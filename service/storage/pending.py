"""Changes that wait for their transaction's next question or its end, and then reach Postgres as one statement.

A way to Postgres and back takes longer than most changes do. What a claim or a finish changes at its end are rows of
several tables, by their keys, and no change asks what another did. On SQLite, which is no way off, each is carried out
at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from sqlalchemy.engine import Connection

from service.storage.prepared import PENDING, Prepared, Values, driver


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
            for change, count in zip(group, _counts(tx, group), strict=True):
                _check(change, count)


def later(tx: Connection, statement: Prepared, rows: Sequence[Values], *, expected: int | None = None) -> None:
    """An insert, update or delete, once for each of the rows, before anything else is asked in this transaction.

    Raises AssertionError, now or then, when other than the `expected` number of rows changed.
    """
    if not rows:
        return
    change = _Change(statement, rows, expected)
    if tx.dialect.name == "postgresql":
        tx.info.setdefault(PENDING, _Pending()).changes.append(change)
    else:
        _check(change, statement.run_each(tx, rows))


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


def _counts(tx: Connection, group: Sequence[_Change]) -> Sequence[int]:
    """How many rows each changed."""
    if len(group) == 1:
        return [group[0].statement.run_each(tx, group[0].rows)]
    calls = [change.statement.call(tx, change.rows) for change in group]
    values = {f"{place}_{name}": value for place, (_, given) in enumerate(calls) for name, value in given.items()}
    statement = as_one(tuple((sql, tuple(given)) for sql, given in calls))
    counts: Sequence[int] = driver(tx).execute(statement, values).fetchone()
    return counts


@cache
def as_one(statements: Sequence[tuple[str, Sequence[str]]]) -> str:
    """One statement for psycopg, made of several and the names of their values: those of the first begin with `0_`.

    Its row says how many rows each changed.
    """
    parts = []
    for place, (sql, names) in enumerate(statements):
        part = sql
        for name in names:
            part = part.replace(f"%({name})s", f"%({place}_{name})s")
        parts.append(f"s{place} AS ({part} RETURNING 1)")
    counted = ", ".join(f"(SELECT count(*) FROM s{place})" for place in range(len(statements)))
    return f"WITH {', '.join(parts)} SELECT {counted}"


def _check(change: _Change, count: int) -> None:
    if change.expected is not None and count != change.expected:
        statement = change.statement
        raise AssertionError(
            f"{change.expected} rows were to change by an {statement.kind} of {statement.table}, {count} did"
        )
