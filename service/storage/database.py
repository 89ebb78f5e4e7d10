"""Connections and transactions. What differs between SQLite and Postgres stands here and in types.py, nowhere else.

SQLite: WAL, `synchronous=FULL`, one writing connection that is also the only one to checkpoint, readers that never
wait for it. Postgres: one pool for both.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from pydantic_core import from_json
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from caviar.errors import StoreRefused, Unavailable

Transaction = Connection
READERS = 8
POSTGRES_OPTIONS = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=10s"
"""One frozen server must not hold up the others: who waits too long for a row is told to try again."""


class Database:
    """Two doors, each one transaction: `read()` and `write()`, which commits when its block ends without error."""

    def __init__(self, url: str) -> None:
        self.url = parse(url)
        if self.url.get_backend_name() == "sqlite":
            self._writer = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE", connections=1)
            self._reader = _sqlite_engine(self.url, begin="BEGIN", connections=READERS)
        else:
            self._writer = _engine(
                self.url, pool_pre_ping=True, pool_size=READERS, connect_args={"options": POSTGRES_OPTIONS}
            )
            # All statements of a reading transaction see one moment, as they do on SQLite.
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Raises Unavailable when the database cannot be reached; then nothing was written or all of it."""
        with _translated(), self._writer.begin() as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Raises Unavailable when the database cannot be reached."""
        with _translated(), self._reader.begin() as tx:
            yield tx

    def close(self) -> None:
        """Readers first: the last connection to leave a SQLite file checkpoints it, and that is the writer's task."""
        self._reader.dispose()
        self._writer.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.TimeoutError) as error:
        raise Unavailable(f"the database does not answer ({type(error).__name__}); try again shortly") from error


def insert_or_ignore(tx: Transaction, table: sa.Table, rows: list[dict[str, Any]]) -> int:
    """Insert rows whose keys are not taken; returns how many were."""
    dialect_insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    # The rows are parameters and no part of the statement, which is therefore compiled once for all requests.
    statement = dialect_insert(table).on_conflict_do_nothing()
    # Without the option SQLAlchemy asks for the count when psycopg has already forgotten it.
    return tx.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount


def parse(url: str) -> URL:
    """Raises StoreRefused for what is neither SQLite nor Postgres."""
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        raise StoreRefused(
            f"{url!r} is no database URL; use sqlite:///file.db or postgresql://user@host/name"
        ) from None
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreRefused("SQLite in memory is gone with its first connection; name a file: sqlite:///caviar.db")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise StoreRefused(
            f"{parsed.drivername} is not supported; use sqlite:///file.db or postgresql://user@host/name"
        )
    return parsed


def _engine(url: URL, **options: Any) -> Engine:
    return sa.create_engine(url, json_deserializer=_parsed, **options)


def _parsed(document: str | bytes) -> Any:
    """A round reads hundreds of small documents, which Pydantic's parser reads in a quarter of the time of Python's."""
    try:
        return from_json(document)
    except ValueError:
        return json.loads(document)  # it goes deeper, and takes half of a surrogate pair


def _sqlite_engine(url: URL, *, begin: str, connections: int) -> Engine:
    # A writer waits in our own queue for the one connection, readers for theirs; nobody meets SQLITE_BUSY.
    engine = _engine(
        url, pool_size=connections, max_overflow=0, pool_timeout=30, connect_args={"check_same_thread": False}
    )

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # Without this the driver opens transactions by itself, late and deferred.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 10000")
        connection.execute("PRAGMA mmap_size = 0")
        if begin == "BEGIN":
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA wal_autocheckpoint = 0")

    @sa.event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
