"""Rows from one database to another, of either kind: table by table, a batch at a time, as they were written."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from service.storage import tables
from service.storage.database import Transaction
from service.storage.types import Document

BATCH = 1000
NUMBERED = {
    table.name: table.autoincrement_column.name
    for table in tables.metadata.sorted_tables
    if table.dialect_options["sqlite"]["autoincrement"] and table.autoincrement_column is not None
}
"""Tables that give out ids, none of them twice, with the columns of these."""


def copy(source: Transaction, target: Transaction) -> None:
    """All rows. The target has the source's schema, and none of its rows; parents come before their children."""
    for table in _present(source):
        names = [column["name"] for column in sa.inspect(source).get_columns(table.name)]
        columns = [column for column in table.c if column.name in names]
        statement = _insert(target, table, columns)
        for rows in _batches(source, table, columns):
            target.execute(statement, rows)


def counts(tx: Transaction) -> dict[str, int]:
    """Rows by table."""
    count = sa.func.count()
    return {table.name: tx.execute(sa.select(count).select_from(table)).scalar_one() for table in _present(tx)}


def last_ids(tx: Transaction) -> dict[str, int]:
    """The last id that each table has given out, even to a row that was deleted."""
    if tx.dialect.name == "sqlite":
        statement = sa.text("SELECT name, seq FROM sqlite_sequence")
        given = {row.name: int(row.seq) for row in tx.execute(statement)}
        return {name: given.get(name, 0) for name in NUMBERED}
    present = {table.name for table in _present(tx)}
    return {name: _last_of_sequence(tx, name) for name in NUMBERED if name in present}


def _last_of_sequence(tx: Transaction, table: str) -> int:
    sequence = tx.execute(sa.select(_sequence(table))).scalar_one()
    row = tx.execute(sa.text(f"SELECT last_value, is_called FROM {sequence}")).one()
    return int(row.last_value) if row.is_called else 0


def go_on_after(tx: Transaction, given: Mapping[str, int]) -> None:
    """The next ids come after these."""
    for table in NUMBERED:
        if not (last := given.get(table, 0)):
            continue
        if tx.dialect.name == "sqlite":
            tx.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :table"), {"table": table})
            tx.execute(sa.text("INSERT INTO sqlite_sequence VALUES (:table, :last)"), {"table": table, "last": last})
        else:
            tx.execute(sa.select(sa.func.setval(_sequence(table), last)))


def _sequence(table: str) -> sa.Function[str]:
    return sa.func.pg_get_serial_sequence(table, NUMBERED[table])


def _present(tx: Transaction) -> list[sa.Table]:
    """Of the tables of this release those that the schema has, parents first."""
    names = set(sa.inspect(tx).get_table_names())
    return [table for table in tables.metadata.sorted_tables if table.name in names]


def _batches(tx: Transaction, table: sa.Table, columns: list[sa.Column[Any]]) -> Iterator[list[dict[str, Any]]]:
    """In the order of the keys, so that a row whose parent is of its own table comes after it."""
    # Documents stay text: what is not parsed is not changed, and costs no time.
    as_text = sa.cast if tx.dialect.name == "postgresql" else sa.type_coerce
    chosen = [as_text(c, sa.Text).label(c.name) if c.type is Document else c for c in columns]
    statement = sa.select(*chosen).order_by(*table.primary_key.columns)
    found = tx.execute(statement, execution_options={"yield_per": BATCH})
    for rows in found.mappings().partitions():
        yield [dict(row) for row in rows]


def _insert(tx: Transaction, table: sa.Table, columns: list[sa.Column[Any]]) -> sa.Insert:
    """Takes documents as text."""
    if tx.dialect.name == "postgresql":
        documents = [column.name for column in columns if column.type is Document]
        as_json = {name: sa.cast(sa.bindparam(name, type_=sa.Text()), sa.JSON) for name in documents}
        plain = {column.name: sa.bindparam(column.name, type_=column.type) for column in columns}
        return sa.insert(table).values(plain | as_json)
    typed = [(column.name, sa.Text() if column.type is Document else column.type) for column in columns]
    return sa.insert(sa.table(table.name, *(sa.column(name, kind) for name, kind in typed)))
