"""Rows from one database to another, of either kind: table by table, a batch at a time, as they were written."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from service.storage import tables
from service.storage.database import Transaction
from service.storage.types import Document, Instant

BATCH = 1000
MANIFEST = "caviar_backup"
_OUR_OWN = {"alembic_version", MANIFEST}
NUMBERED = {
    table.name: table.autoincrement_column.name
    for table in tables.metadata.sorted_tables
    if table.dialect_options["sqlite"]["autoincrement"] and table.autoincrement_column is not None
}
"""Tables that give out ids, none of them twice, with the columns of these."""


def copy(source: Transaction, target: Transaction) -> None:
    """All rows of the tables that the target has, and which are empty there. Parents come before their children.

    Both have the same schema: on SQLite this release's, of whose columns the file tells too little; on Postgres any.
    """
    for table in _schema(source, names(target)):
        statement = _insert(target, table)
        for rows in _batches(source, table):
            target.execute(statement, rows)


def names(tx: Transaction) -> set[str]:
    """Of the tables of a database that nobody else uses: those that hold what users made."""
    return set(sa.inspect(tx).get_table_names()) - _OUR_OWN


def counts(tx: Transaction) -> dict[str, int]:
    """Rows by table, of such a database."""
    found = {}
    for name in sorted(names(tx)):
        statement = sa.select(sa.func.count()).select_from(sa.table(name))
        found[name] = tx.execute(statement).scalar_one()
    return found


def last_ids(tx: Transaction) -> dict[str, int]:
    """The last id that each table has given out, even to a row that was deleted."""
    if tx.dialect.name == "sqlite":
        statement = sa.text("SELECT name, seq FROM sqlite_sequence")
        given = {row.name: int(row.seq) for row in tx.execute(statement)}
        return {name: given.get(name, 0) for name in NUMBERED}
    return {name: _last_of_sequence(tx, name) for name in sorted(set(NUMBERED) & names(tx))}


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


def _schema(tx: Transaction, chosen: set[str]) -> list[sa.Table]:
    """Tables with columns of the types in types.py, parents first."""
    if tx.dialect.name == "sqlite":
        return [table for table in tables.metadata.sorted_tables if table.name in chosen]
    found = sa.MetaData()
    found.reflect(tx, only=sorted(chosen))
    for table in found.sorted_tables:
        for column in table.columns:
            column.type = _portable(column.type)
    return found.sorted_tables


def _portable(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    if isinstance(kind, sa.JSON):
        return Document
    return Instant() if isinstance(kind, sa.DateTime) else kind.as_generic()


def _batches(tx: Transaction, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    """In the order of the keys, so that a row whose parent is of its own table comes after it."""
    # Documents stay text: what is not parsed is not changed, and costs no time.
    as_text = sa.cast if tx.dialect.name == "postgresql" else sa.type_coerce
    chosen = [as_text(c, sa.Text).label(c.name) if c.type is Document else c for c in table.c]
    statement = sa.select(*chosen).order_by(*table.primary_key.columns)
    found = tx.execute(statement, execution_options={"yield_per": BATCH})
    for rows in found.mappings().partitions():
        yield [dict(row) for row in rows]


def _insert(tx: Transaction, table: sa.Table) -> sa.Insert:
    """Takes documents as text."""
    if tx.dialect.name == "postgresql":
        documents = [column.name for column in table.c if column.type is Document]
        as_json = {name: sa.cast(sa.bindparam(name, type_=sa.Text()), sa.JSON) for name in documents}
        plain = {column.name: sa.bindparam(column.name, type_=column.type) for column in table.c}
        return sa.insert(table).values(plain | as_json)
    typed = [(column.name, sa.Text() if column.type is Document else column.type) for column in table.c]
    return sa.insert(sa.table(table.name, *(sa.column(name, kind) for name, kind in typed)))
